"""Simulations of the gate's error rates: seeded, so that they say the same every time."""

import numpy as np
import pytest

from steps.gate.losses import holm, lost_more
from steps.gate.power import design_effect, detectable, items_needed, zero_failure_bound
from steps.gate.statistics import paired_difference

EPSILON = 0.1


def compared(candidate, other, clusters, *, epsilon=EPSILON):
    return paired_difference(
        list(map(float, candidate)), list(map(float, other)), clusters, confidence=0.95, power=0.8, epsilon=epsilon
    )


def nights(random, *, documents, probes, lost, won, correlation, trials):
    """Items lost (-1), won (1) or kept (0), whose rates vary from document to document."""
    spread = (1 - correlation) / correlation if correlation else None

    def rates(share):
        if not share or spread is None:
            return np.full((trials, documents, 1), share)
        return random.beta(share * spread, (1 - share) * spread, size=(trials, documents, 1))

    drawn, wins = random.random((trials, documents, probes)), rates(won)
    return np.where(drawn < rates(lost), -1, np.where(drawn > 1 - wins, 1, 0)).reshape(trials, -1)


def passing(changes, *, probes, epsilon):
    clusters = [str(n // probes) for n in range(changes.shape[1])]
    pairs = ((row > 0, row < 0) for row in changes)
    return np.mean([compared(ours, theirs, clusters, epsilon=epsilon).lower > -epsilon for ours, theirs in pairs])


@pytest.mark.parametrize(
    ("documents", "probes", "lost", "won", "correlation", "epsilon", "allowed"),
    [
        (1300, 1, 0.05, 0.03, 0.0, 0.02, 0.05),
        (400, 1, 0.06, 0.01, 0.0, 0.05, 0.05),
        (40, 5, 0.15, 0.05, 0.2, 0.1, 0.05),
        (20, 5, 0.12, 0.02, 0.5, 0.1, 0.1),  # documents that go as wholes say less than they claim
        (20, 5, 0.1, 0.0, 0.2, 0.1, 0.05),
        (10, 5, 0.15, 0.05, 0.2, 0.1, 0.05),
        (5, 5, 0.15, 0.05, 0.2, 0.1, 0.05),
        (5, 5, 0.1, 0.0, 0.2, 0.1, 0.05),
    ],
)
def test_a_candidate_that_is_epsilon_worse_hardly_ever_passes(
    documents, probes, lost, won, correlation, epsilon, allowed
):
    trials = 600
    changes = nights(
        np.random.default_rng(documents),
        documents=documents,
        probes=probes,
        lost=lost,
        won=won,
        correlation=correlation,
        trials=trials,
    )
    noise = 2 * np.sqrt(allowed * (1 - allowed) / trials)
    assert passing(changes, probes=probes, epsilon=epsilon) <= allowed + noise


def test_an_equal_candidate_passes_as_often_as_the_power_says():
    found = compared([0, 1] * 100, [1, 0] * 100, [str(n) for n in range(200)])
    changed = 0.08
    items = items_needed(changed, effect=1.0, epsilon=0.02, confidence=0.95, power=0.8)
    changes = nights(
        np.random.default_rng(0), documents=items, probes=1, lost=0.04, won=0.04, correlation=0.0, trials=300
    )
    assert passing(changes, probes=1, epsilon=0.02) > 0.8 - 2 * np.sqrt(0.8 * 0.2 / 300)
    assert found.needed > 200


def test_nothing_lost_of_few_documents_is_not_nothing_lost():
    few, many = (compared([1.0] * n, [1.0] * n, [str(i // 5) for i in range(n)]) for n in (25, 1000))
    assert few.mean == many.mean == 0
    assert few.lower < -0.15 < -0.01 < many.lower < 0
    assert few.upper == -few.lower


@pytest.mark.parametrize(("won", "lost", "items"), [(0, 0, 59), (3, 9, 100), (20, 12, 60)])
def test_the_score_bound_is_where_the_score_test_is_just_significant(won, lost, items):
    """Against the definition: at the bound, the constrained maximum-likelihood z statistic is 1.645."""
    changes = [1] * won + [-1] * lost + [0] * (items - won - lost)
    found = compared([c > 0 for c in changes], [c < 0 for c in changes], [str(n) for n in range(items)])
    shares = np.linspace(max(0.0, -found.lower) + 1e-9, (1 - found.lower) / 2, 200_001)  # of losses at this difference
    wins = np.maximum(shares + found.lower, 1e-300)
    likelihood = (
        won * np.log(wins)
        + lost * np.log(shares)
        + (items - won - lost) * np.log(np.maximum(1 - wins - shares, 1e-300))
    )
    best = shares[likelihood.argmax()]
    z = (won - lost - items * found.lower) / np.sqrt(items * (2 * best + found.lower - found.lower**2))
    assert z == pytest.approx(1.645, abs=0.01)


def test_graded_scores_of_an_epsilon_worse_candidate_hardly_ever_pass():
    """Probabilities that fall where an item is lost: many small changes and a few large ones."""
    random, passed = np.random.default_rng(7), 0
    for _ in range(300):
        change = 0.05 * random.normal(size=400) - 0.25 * (random.random(400) < 0.08)  # on average -0.02
        passed += compared(0.5 + change, np.full(400, 0.5), [str(n) for n in range(400)], epsilon=0.02).lower > -0.02
    assert passed / 300 <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 300)


def test_bounds_are_numbers_where_hardly_any_document_differs():
    changed = [0.5] + [1.0] * 39
    found = compared(changed, [1.0] * 40, [str(n // 2) for n in range(40)])
    assert -1 < found.lower < found.mean < found.upper < 1


def test_better_and_worse_items_and_the_design_effect():
    found = compared([1, 1, 0, 0, 0.5], [0, 0, 1, 0, 0.4], list("aabcd"))
    assert (found.better, found.worse) == (3, 1)
    together = compared([1] * 10 + [0] * 10, [0] * 20, [str(n // 5) for n in range(20)])
    assert together.design_effect == pytest.approx(5) and together.detectable > together.mean / 2


def test_the_same_evidence_gives_the_same_bounds():
    random = np.random.default_rng(3)
    scores, names = random.random(60).tolist(), [str(n % 12) for n in range(60)]
    first = compared(scores, scores[::-1], names)
    order = random.permutation(60)
    again = compared([scores[n] for n in order], [scores[::-1][n] for n in order], [names[n] for n in order])
    assert again.lower == pytest.approx(first.lower, abs=1e-12)


def test_mcnemar_is_exact_and_one_sided():
    assert lost_more([False] * 5 + [True] * 5, [True] * 10) == 1 / 32
    assert lost_more([True] * 10, [False] * 5 + [True] * 5) == 1.0
    assert lost_more([True, False], [True, False]) == 1.0


def test_holm_multiplies_by_the_questions_left():
    assert holm({"a": 0.01, "b": 0.04, "c": 0.03}) == pytest.approx({"a": 0.03, "c": 0.06, "b": 0.06})
    assert holm({}) == {}


def test_mcnemar_with_holm_fires_by_chance_as_often_as_it_says():
    random = np.random.default_rng(5)
    fired = 0
    for _ in range(400):
        changes = random.choice([-1, 0, 1], p=[0.05, 0.9, 0.05], size=(6, 200))
        found = holm({str(n): lost_more(list(row >= 0), list(row <= 0)) for n, row in enumerate(changes)})
        fired += min(found.values()) < 0.05
    assert fired / 400 < 0.05


def test_zero_failures_and_items_by_hand():
    assert zero_failure_bound(59, confidence=0.95) == pytest.approx(0.05, abs=0.001)
    assert zero_failure_bound(0, confidence=0.95) == 1.0
    assert items_needed(0.1, effect=1.0, epsilon=0.02, confidence=0.95, power=0.8) == 1546  # 6.18 * 0.1 / 0.0004
    assert items_needed(0.0, effect=2.0, epsilon=0.05, confidence=0.95, power=0.8) == 117  # clean ones, twice 58.4
    assert design_effect(100, 20, correlation=0.25) == 2.0


def test_what_can_be_detected_is_what_the_items_are_needed_for():
    for variance in (0.0, 0.02, 0.2):
        asked = {"effect": 1.7, "confidence": 0.95, "power": 0.8}
        items = items_needed(variance, epsilon=0.03, **asked)
        assert detectable(variance, items=items, **asked) == pytest.approx(0.03, rel=0.01)
