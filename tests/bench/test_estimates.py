"""Intervals hold the truth as often as they say, know their clusters and are the same every time."""

import numpy as np
import pytest

from bench.estimates import Bootstrap, document_sums, paired_estimate, paired_lower_bound


def clustered(rng, *, documents=35, items=3):
    """Items of a document are right together: the document has its own chance, 0.5 on average."""
    chances = rng.beta(1.5, 1.5, documents)
    return [(1, f"d{d}", float(rng.random() < chances[d])) for d in range(documents) for _ in range(items)]


def test_the_interval_of_a_share_holds_the_truth():
    rng, bootstrap = np.random.default_rng(1), Bootstrap(resamples=500)
    found = [bootstrap.share(clustered(rng)) for _ in range(200)]
    held = np.mean([estimate.low <= 0.5 <= estimate.high for estimate in found])
    assert 0.89 <= held <= 0.99


def test_the_interval_of_a_gap_holds_the_truth():
    rng, bootstrap, held = np.random.default_rng(2), Bootstrap(resamples=500), []
    for _ in range(150):
        rows = []
        for document in range(35):
            ease = rng.uniform(-0.2, 0.2)
            for _ in range(3):
                rows.append((f"{document}", *(float(rng.random() < p + ease) for p in (0.5, 0.2, 0.8))))
        found = bootstrap.gap_closed(rows)
        held.append(found.low <= 0.5 <= found.high)  # (0.5 - 0.2) / (0.8 - 0.2)
    assert 0.88 <= np.mean(held) <= 0.99


def test_items_of_one_document_are_one_piece_of_evidence():
    rows = [(1, f"d{n // 3}", float(n // 3 % 2)) for n in range(60)]
    alone = [(cohort, f"{n}", value) for n, (cohort, _, value) in enumerate(rows)]
    together, apart = Bootstrap().share(rows), Bootstrap().share(alone)
    assert together.value == apart.value == 0.5
    assert together.high - together.low > 1.4 * (apart.high - apart.low)


def test_all_wrong_is_not_certainly_none():
    found = Bootstrap().share([(1, f"d{n}", 0.0) for n in range(15)])
    assert (found.value, found.low) == (0, 0)
    assert found.high == pytest.approx(1 - 0.025 ** (1 / 15))  # Clopper-Pearson


def test_one_document_has_a_value_and_no_interval():
    found = Bootstrap().share([(1, "d", 1.0), (1, "d", 1.0)])
    assert (found.value, found.low, found.high, found.count) == (1, None, None, 2)
    assert paired_lower_bound([1.0], [0.0], ["d"]) is None


def test_cohorts_weigh_the_same_whatever_their_size():
    rows = [(1, "a", 1.0), (2, "b", 0.0), (2, "c", 0.0), (2, "c", 0.0)]
    assert Bootstrap().mean_of_cohorts(rows).value == 0.5
    assert Bootstrap().mean(rows).value == 0.25


def test_a_gap_that_many_resamples_lack_has_no_interval():
    rows = [("a", 1.0, 0.0, 1.0), ("b", 0.0, 0.0, 0.0), ("c", 0.0, 0.0, 0.0)]
    found = Bootstrap().gap_closed(rows)
    assert (found.value, found.low, found.high) == (1, None, None)


def test_the_same_seed_gives_the_same_interval():
    rows = clustered(np.random.default_rng(3))
    assert Bootstrap(seed=5).share(rows) == Bootstrap(seed=5).share(rows) != Bootstrap(seed=6).share(rows)


def test_document_sums():
    assert document_sums([("a", (1.0, 1.0)), ("b", (0.0, 1.0)), ("a", (1.0, 1.0))]).tolist() == [[2, 2], [0, 1]]


def test_no_rows_no_estimate():
    bootstrap = Bootstrap()
    assert bootstrap.share([]) is bootstrap.mean_of_cohorts([]) is bootstrap.gap_closed([]) is None


def test_paired_bounds_are_the_gates():
    """No difference among 54 items: z^2 / (n + z^2) on either side (Tango 1998)."""
    ours, clusters = [1.0] * 54, [str(n) for n in range(54)]
    found = paired_estimate(ours, ours, clusters)
    assert (found.value, found.count) == (0.0, 54)
    assert (found.low, found.high) == pytest.approx((-0.0664, 0.0664), abs=1e-4)
    assert paired_lower_bound(ours, ours, clusters) == pytest.approx(-0.0477, abs=1e-4)
