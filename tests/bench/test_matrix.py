"""Every figure of a stream that is small enough to be worked out by hand."""

import pytest

from bench.matrix import summarise
from bench.records import AnchorMark, Mark

# Right answers out of four (two documents of two recall probes each), by night after which and cohort.
SLUMBER = {(1, 1): 2, (2, 1): 3, (3, 1): 1, (2, 2): 3, (3, 2): 3, (3, 3): 4}
FLOOR, CEILING = {1: 1, 2: 0, 3: 0}, {1: 4, 2: 3, 3: 4}


def ask(arm, after, cohort, right, *, type="recall", condition="served", asked=4, **flags):
    """``asked`` answers, the first ``right`` of them correct; the first half is about one document."""
    return [
        Mark(
            arm=arm, after=after, cohort=cohort, probe=f"{type}-{cohort}-{n}", type=type,
            source=f"{cohort}{'ab'[2 * n // asked]}", condition=condition, answer="", correct=n < right, **flags,
        )
        for n in range(asked)
    ]  # fmt: skip


def anchors(arm, after, right):
    return [
        AnchorMark(
            arm=arm, after=after, id=f"{n}", ability="sums", correct=n in right, score=0.9 if n in right else 0.4
        )
        for n in range(10)
    ]


def base():
    served = [mark for cohort, right in FLOOR.items() for mark in ask("no-update", 0, cohort, right)]
    return served + [m for c, right in CEILING.items() for m in ask("no-update", 0, c, right, condition="given")]


def stream(cells=SLUMBER, arm="slumber"):
    return [mark for (after, cohort), right in cells.items() for mark in ask(arm, after, cohort, right)]


def of(summaries, arm="slumber"):
    return next(summary for summary in summaries if summary.arm == arm)


def test_figures_worked_out_by_hand():
    found = of(summarise(base() + stream(), []))
    assert {key: cell.value for key, cell in found.matrix.items()} == {key: n / 4 for key, n in SLUMBER.items()}
    assert found.counts == {key: (n, 4) for key, n in SLUMBER.items()}
    assert {c: e.value for c, e in found.floor.items()} == {1: 0.25, 2: 0, 3: 0}
    assert {c: e.value for c, e in found.ceiling.items()} == {1: 1, 2: 0.75, 3: 1}
    assert found.acquisition.value == 9 / 12 and found.acquisition.count == 12
    assert found.retention.value == (1 + 3) / 8 and found.retention.count == 8
    assert found.accuracy.value == pytest.approx((1 / 4 + 3 / 4 + 4 / 4) / 3)
    assert found.gap_own.value == pytest.approx((9 - 1) / (11 - 1))
    assert found.gap_earlier.value == pytest.approx((4 - 1) / (7 - 1))
    assert found.bwt.value == pytest.approx(((1 - 2) / 4 + (3 - 3) / 4) / 2)
    assert found.forgetting.value == pytest.approx(((3 - 1) / 4 + (3 - 3) / 4) / 2)
    assert {n: e.value for n, e in found.taught_so_far.items()} == {1: 2 / 4, 2: 6 / 8, 3: 8 / 12}
    assert {n: e.value for n, e in found.floor_so_far.items()} == {1: 1 / 4, 2: 1 / 8, 3: 1 / 12}


def test_the_other_kinds_of_probe_are_read_at_the_last_night():
    marks = base() + stream()
    for type, right in (("paraphrase", 1), ("reverse", 2), ("unanswerable", 3)):
        marks += ask("slumber", 3, 1, right, type=type) + ask("slumber", 2, 1, 0, type=type)
    found = of(summarise(marks, []))
    assert (found.paraphrase.value, found.reverse.value, found.abstention.value) == (1 / 4, 2 / 4, 3 / 4)


def test_with_the_document_given_at_the_last_night_that_was_asked():
    marks = base() + stream() + ask("slumber", 1, 1, 0, condition="given")
    marks += ask("slumber", 2, 1, 3, condition="given") + ask("slumber", 2, 2, 3, condition="given")
    found = of(summarise(marks, []))
    assert found.given_night == 2
    assert found.given.value == 6 / 8
    assert found.given_change.value == pytest.approx((6 - 7) / 8)


def test_general_abilities_are_paired_item_by_item_at_the_latest_night_asked():
    asked = (
        anchors("no-update", 0, {0, 1, 2, 3, 4}) + anchors("slumber", 1, set()) + anchors("slumber", 2, {0, 1, 2, 5})
    )
    found = of(summarise(base() + stream(), asked))
    assert found.abilities_night == 2
    assert found.abilities.value == pytest.approx(-0.1)  # two lost, one gained, of ten
    assert found.abilities.count == found.graded.count == 10
    assert found.graded.value == pytest.approx(-0.05) and found.graded_lower < -0.05  # each is worth half a point
    assert found.abilities.low < found.abilities_lower < -0.1 < found.abilities.high


def test_the_base_is_its_night_0_at_every_night():
    asked = anchors("no-update", 0, {0, 1})
    found = of(summarise(base() + stream(), asked), "no-update")
    assert found.nights == (1, 2, 3)
    assert {key: right for key, (right, _) in found.counts.items()} == {
        (1, 1): 1, (2, 1): 1, (3, 1): 1, (2, 2): 0, (3, 2): 0, (3, 3): 0
    }  # fmt: skip
    assert found.bwt.value == found.forgetting.value == found.gap_own.value == found.abilities.value == 0


def test_chosen_cohorts_only():
    found = of(summarise(base() + stream(), [], cohorts=range(2, 4)))
    assert found.cohorts == (2, 3)
    assert found.acquisition.value == (3 + 4) / 8
    assert found.retention.value == 3 / 4
    assert found.gap_own.value == pytest.approx((7 - 0) / (7 - 0))
    assert found.bwt.value == 0
    development = of(summarise(base() + stream(), [], cohorts=[1]))
    assert development.retention.value == 1 / 4  # the last night is the stream's, not the cohorts'


@pytest.mark.parametrize("flag", ["outdated", "temporary"])
def test_flagged_probes_count_at_no_night(flag):
    marks = [
        mark.model_copy(update={flag: True}) if mark.probe == "recall-1-0" and mark.after == 3 else mark
        for mark in base() + stream()
    ]
    found = of(summarise(marks, []))
    assert found.counts[3, 1] == (0, 3) and found.counts[1, 1] == (1, 3) and found.counts[2, 1] == (2, 3)
    assert found.floor[1].value == 0
    assert found.acquisition.value == (1 + 3 + 4) / 11
    assert found.bwt.value == pytest.approx((-1 / 3 + 0) / 2)


def test_an_arm_with_the_last_night_only_has_no_change_over_nights():
    joint = {key: n for key, n in SLUMBER.items() if key[0] == 3}
    found = of(summarise(base() + stream() + stream(joint, "joint"), []), "joint")
    assert found.nights == (3,)
    assert found.acquisition.value == 1 and found.acquisition.count == 4
    assert found.retention.value == 0.5
    assert found.accuracy.value == pytest.approx(2 / 3)
    assert found.bwt is None and found.forgetting is None


def test_missing_evidence_is_none():
    half_way = {key: n for key, n in SLUMBER.items() if key[0] < 3}
    found = of(summarise(base() + stream() + stream(half_way, "raw"), []), "raw")
    for name in ("retention", "accuracy", "gap_earlier", "bwt", "forgetting", "paraphrase", "reverse", "abstention"):
        assert getattr(found, name) is None, name
    for name in ("given", "given_change", "given_night", "abilities", "abilities_lower", "abilities_night"):
        assert getattr(found, name) is None, name
    assert found.acquisition.value == 5 / 8
    assert found.last == 3 and list(found.taught_so_far) == [1, 2]


def test_a_cohort_that_was_not_asked_at_the_end_leaves_retention_open():
    marks = [m for m in base() + stream() if (m.arm, m.after, m.cohort) != ("slumber", 3, 1)]
    found = of(summarise(marks, []))
    assert found.retention is None and found.accuracy is None and 3 not in found.taught_so_far


def test_no_gap_where_the_ceiling_is_not_above_the_floor():
    marks = stream()
    for cohort in (1, 2, 3):
        marks += ask("no-update", 0, cohort, 2) + ask("no-update", 0, cohort, 2, condition="given")
    found = of(summarise(marks, []))
    assert found.gap_own is None and found.gap_earlier is None


def test_without_a_base_there_is_no_floor_and_no_gap():
    found = of(summarise(stream(), anchors("slumber", 3, {1})))
    assert found.floor == found.ceiling == {} and found.gap_own is None and found.abilities is None
    assert found.acquisition.value == 0.75


def test_nothing_at_all():
    assert summarise([], []) == []


def test_asked_twice_is_an_error():
    with pytest.raises(ValueError, match="twice"):
        summarise(stream() + stream(), [])
