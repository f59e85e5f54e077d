"""Fading is seen before answers flip, and few probes are enough to see that nothing earlier nights taught fades."""

import numpy as np
import pytest

from steps.gate.judging import judge
from steps.gate.retention import retention
from steps.gate.statistics import paired_difference
from steps.sampling import chance_to_miss
from tests.steps.gate.test_gate import EARLIER, answers, check, evidence


def remembered(champion, candidate, *, per_source=4, known=None):
    """Evidence in which both know the right answers of an earlier night as firmly as this, all right if known."""
    known = np.ones(len(champion), dtype=bool) if known is None else known
    found = evidence()
    found.answers = [a for a in found.answers if a.cohort != EARLIER or a.model == "base"]
    for model, least in (("champion", champion), ("candidate", candidate)):
        rows = answers(EARLIER, model, known, per_source=per_source)
        found.answers += [
            row.model_copy(update={"min_token_prob": float(p)}) for row, p in zip(rows, least, strict=True)
        ]
    return found


def kept(found, settings):
    return retention(found, settings.gate)


def test_a_few_documents_are_enough_where_nothing_fades(settings):
    random = np.random.default_rng(1)
    before = random.uniform(0.05, 0.9, size=48)
    found = kept(remembered(before, before * random.uniform(0.9, 1.1, size=48), per_source=6), settings)
    assert found.status == "PASS"
    assert -0.1 < found.figures["lower_bound"] < found.figures["difference"] < 0.05
    assert (found.figures["won"], found.figures["lost"], found.figures["clusters"]) == (0, 0, 8)
    assert "0 won, 0 lost of 48" in found.reason


def test_what_fades_is_refused_before_an_answer_flips(settings):
    random = np.random.default_rng(2)
    before = random.uniform(0.05, 0.9, size=80)
    assert kept(remembered(before, before * random.uniform(0.6, 0.9, size=80)), settings).status == "FAIL"


def test_answers_that_flip_are_not_made_up_for_by_firm_ones(settings):
    found = remembered(np.full(40, 0.3), np.full(40, 0.31))
    assert kept(found, settings).status == "PASS"
    lost = {f"{EARLIER}-{n}" for n in range(4)}
    found.answers = [
        a.model_copy(update={"correct": False}) if a.model == "candidate" and a.id in lost else a for a in found.answers
    ]
    flipped = kept(found, settings)
    assert flipped.status == "FAIL" and "0 won, 4 lost of 40" in flipped.reason


def test_what_neither_knows_is_noise(settings):
    known = np.arange(40) < 20
    before = np.where(known, 0.5, 1e-6)
    after = np.where(known, 0.51, 1e-9)
    found = kept(remembered(before, after, known=known), settings)
    assert found.status == "PASS" and found.figures["worse"] == 0


def test_swapping_the_models_turns_the_sign(settings):
    random = np.random.default_rng(3)
    one, other = random.random(40), random.random(40)
    there, back = (kept(remembered(*pair), settings).figures for pair in ((one, other), (other, one)))
    assert there["difference"] == -back["difference"] and there["lower_bound"] == -back["upper_bound"]


@pytest.mark.parametrize(
    ("documents", "probes", "status"), [(8, 4, "INCONCLUSIVE"), (8, 6, "PASS"), (10, 4, "PASS"), (6, 7, "INCONCLUSIVE")]
)
def test_too_few_probes_miss_facts_that_are_lost_whole(settings, documents, probes, status):
    firm = np.full(documents * probes, 0.5)
    found = kept(remembered(firm, 0.9999 * firm, per_source=probes), settings)
    assert found.status == status
    if status == "INCONCLUSIVE":
        assert f"the {documents * probes} probes of {documents} documents would all miss" in found.reason
        assert "10 documents" in found.reason or documents == 6


def test_where_every_fact_is_asked_for_few_documents_do(settings):
    """A count and no sample: neither the documents nor the facts that are not asked for could come out otherwise."""
    firm = np.full(12, 0.5)
    held = remembered(firm, 0.9 * firm, per_source=6)
    assert kept(held, settings).status == "INCONCLUSIVE"
    held.every_fact = True
    assert kept(held, settings).status == "PASS"
    lost = remembered(firm, np.where(np.arange(12) % 6, 0.5, 0.0), per_source=6)
    lost.every_fact = True
    assert kept(lost, settings).status != "PASS"


def test_so_many_probes_miss_a_loss_as_often_as_is_said():
    random, counts = np.random.default_rng(11), np.array([4, 4, 6, 1, 9])
    rates = random.beta(0.1 * 4, 0.9 * 4, size=(100_000, len(counts)))
    missed = ((1 - rates) ** counts).prod(axis=1).mean()
    assert chance_to_miss(counts.tolist(), share=0.1, correlation=0.2) == pytest.approx(missed, abs=0.003)
    assert chance_to_miss([1] * 7, share=0.1, correlation=0.2) == pytest.approx(0.9**7)


def test_what_a_refused_night_met_does_not_make_up_for_what_is_lost(settings):
    """The candidate learned it beside tonight's; the champion never knew it and cannot lose it."""
    held = remembered(np.full(60, 0.5), np.where(np.arange(60) % 6, 0.5, 0.0), per_source=6)
    lost = {f"{EARLIER}-{n}" for n in range(0, 60, 6)}
    held.answers = [
        a.model_copy(update={"correct": False}) if a.model == "candidate" and a.id in lost else a for a in held.answers
    ]
    for model, knows in (("base", False), ("champion", False), ("candidate", True)):
        held.answers += answers("2026-11-21b", model, [knows] * 60, per_source=6)
    assert kept(held, settings).status == "FAIL"
    held.earlier_cohorts.append("2026-11-21b")
    assert kept(held, settings).status == "PASS", "which is what it would look like if both were pooled"


@pytest.mark.parametrize("model", ["candidate", "champion"])
def test_without_how_firmly_nothing_is_decided(settings, model):
    found = evidence()
    row = next(a for a in found.answers if a.model == model and a.cohort == EARLIER)
    found.answers[found.answers.index(row)] = row.model_copy(update={"min_token_prob": None})
    verdict = judge(found, settings)
    assert verdict.verdict == "INCONCLUSIVE"
    assert "how firmly" in check(verdict, "kept earlier nights").reason


def changes(random, *, documents, probes, lost, correlation):
    """Shares won or lost of each item, [items]: of 70 % that are known, an even wobble, and some lost for good.

    The wobble has the spread of four nights of data/bench/stream (docs/log.md); ``lost`` is a share of all items.
    """
    known = random.random((documents, probes)) < 0.7
    rate = np.full(documents, lost / 0.7)
    if lost and correlation:
        spread = (1 - correlation) / correlation
        rate = random.beta(rate * spread, (1 - rate) * spread)
    gone = random.random((documents, probes)) < rate[:, None]
    wobble = np.clip(random.laplace(scale=0.19 / 2**0.5, size=known.shape), -1, 1)
    return (known * np.where(gone, -1.0, wobble)).ravel()


@pytest.mark.parametrize(
    ("documents", "probes", "lost", "correlation", "least", "most"),
    [
        (5, 5, 0.1, 0.0, 0.0, 0.05),
        (5, 5, 0.1, 0.2, 0.0, 0.05),
        (7, 4, 0.1, 0.2, 0.0, 0.05),
        (10, 5, 0.1, 0.2, 0.0, 0.05),
        (30, 5, 0.1, 0.2, 0.0, 0.05),
        (10, 5, 0.1, 0.5, 0.0, 0.1),  # documents that go as wholes say less than they claim
        (7, 4, 0.0, 0.0, 0.6, 1.0),
        (10, 5, 0.0, 0.0, 0.8, 1.0),
        (15, 5, 0.0, 0.0, 0.9, 1.0),
    ],
)
def test_facts_lost_for_good_hardly_ever_pass_and_an_even_wobble_does(
    documents, probes, lost, correlation, least, most
):
    random, trials, passed = np.random.default_rng(documents * probes), 400, 0
    clusters = [str(n // probes) for n in range(documents * probes)]
    for _ in range(trials):
        change = changes(random, documents=documents, probes=probes, lost=lost, correlation=correlation)
        ours, theirs = np.minimum(1, 1 + change), np.minimum(1, 1 - change)
        found = paired_difference(list(ours), list(theirs), clusters, confidence=0.95, power=0.8, epsilon=0.1)
        passed += found.lower > -0.1
    noise = 2 * np.sqrt(0.05 * 0.95 / trials)
    assert least <= passed / trials <= most + noise
