"""Paired tests with counts small enough to be worked out by hand."""

import pytest

from bench.comparison import compare, dominated
from bench.records import AnchorMark, Mark


def ask(arm, after, cohort, right, *, asked=10, **flags):
    """``asked`` recall probes, one document each; ``right`` are the numbers of those answered."""
    return [
        Mark(
            arm=arm, after=after, cohort=cohort, probe=f"{cohort}-{n}", type="recall", source=f"{cohort}-{n}",
            condition="served", answer="", correct=n in right, **flags,
        )
        for n in range(asked)
    ]  # fmt: skip


def two_nights(arm, own1, own2, end1):
    return ask(arm, 1, 1, own1) + ask(arm, 2, 2, own2) + ask(arm, 2, 1, end1)


def anchors(arm, after, lost):
    return [
        AnchorMark(arm=arm, after=after, id=f"{n}", ability="sums", correct=n >= lost, score=float(n >= lost))
        for n in range(20)
    ]


def of(rows, measure, other):
    return next((row for row in rows if (row.measure, row.other) == (measure, other)), None)


SLUMBER = two_nights("slumber", range(8), range(6), range(7))
RAW = two_nights("raw", range(1, 9), range(2), range(1))


def test_differences_and_mcnemar_by_hand():
    rows = compare(SLUMBER + RAW, [])
    own = of(rows, "acquisition", "raw")
    assert (own.difference.value, own.difference.count) == (pytest.approx((14 - 10) / 20), 20)
    assert (own.won, own.lost) == (1 + 4, 1)  # night 1: item 0 won, item 8 lost; night 2: items 2 to 5 won
    assert own.p == pytest.approx(2 * (1 + 6) / 2**6)  # P(at most one of six), two-sided
    kept = of(rows, "retention", "raw")
    assert (kept.difference.value, kept.won, kept.lost) == (0.6, 6, 0)
    assert kept.p == pytest.approx(2 / 2**6)
    assert kept.difference.low < 0.6 < kept.difference.high and kept.significant
    change = of(rows, "change", "raw")
    # slumber: item 7 lost (-1 of ten); raw: items 1 to 8 lost and item 0 gained (-7 of ten).
    assert change.difference.value == pytest.approx((-1 + 7) / 10)
    assert of(rows, "abilities", "raw") is None


def test_holm_over_the_arms():
    marks = [m for arm in ("slumber", "a", "b", "c") for m in ask(arm, 1, 1, [])]
    asked = anchors("slumber", 1, 0) + anchors("a", 1, 8) + anchors("b", 1, 5) + anchors("c", 1, 6)
    rows = [row for row in compare(marks, asked) if row.measure == "abilities"]
    assert {row.other: row.p for row in rows} == pytest.approx({"a": 2 / 2**8, "b": 2 / 2**5, "c": 2 / 2**6})
    assert {row.other: row.p_holm for row in rows} == pytest.approx({"a": 6 / 2**8, "c": 4 / 2**6, "b": 4 / 2**6})
    assert [row.significant for row in rows] == [True, False, False]


def test_only_identical_probes_are_compared():
    joint = ask("joint", 2, 2, range(3)) + ask("joint", 2, 1, range(9), asked=9)
    rows = compare(SLUMBER + joint, [])
    assert of(rows, "acquisition", "joint").difference.count == 10
    kept = of(rows, "retention", "joint")
    assert kept.difference.count == 9 and kept.difference.value == pytest.approx((7 - 9) / 9)
    assert of(rows, "change", "joint") is None


def test_the_base_is_its_night_0_and_abilities_take_the_latest_common_night():
    marks = SLUMBER + ask("no-update", 0, 1, [0]) + ask("no-update", 0, 2, [])
    asked = anchors("no-update", 0, 0) + anchors("slumber", 1, 10) + anchors("slumber", 2, 3)
    rows = compare(marks, asked)
    assert of(rows, "acquisition", "no-update").difference.value == pytest.approx((14 - 1) / 20)
    assert of(rows, "change", "no-update").difference.value == pytest.approx(-0.1)
    abilities = of(rows, "abilities", "no-update")
    assert (abilities.night, abilities.difference.value, abilities.lost) == (2, pytest.approx(-0.15), 3)


def test_outdated_and_temporary_probes_are_left_out():
    marks = [m.model_copy(update={"outdated": m.probe == "1-0", "temporary": m.probe == "1-1"}) for m in SLUMBER]
    assert of(compare(marks + RAW, []), "retention", "raw").difference.count == 8


def test_equal_arms_differ_in_nothing():
    twin = [m.model_copy(update={"arm": "twin"}) for m in SLUMBER]
    rows = compare(SLUMBER + twin, [])
    assert {(row.difference.value, row.p, row.significant) for row in rows} == {(0.0, 1.0, False)}
    assert dominated(rows) == []


def test_who_dominates():
    better = two_nights("better", range(10), range(10), range(10))  # learns more, forgets nothing
    barely = two_nights("barely", range(9), range(6), range(9))  # a little of each
    greedy = two_nights("greedy", range(10), range(10), [])  # learns more, forgets all
    found = dominated(compare(SLUMBER + better + barely + greedy + RAW, []))
    assert [(d.other, d.significant) for d in found] == [("better", False), ("barely", False)]
    assert found[0].acquisition.difference.value == pytest.approx(-0.3)
    assert found[0].forgetting.difference.value == pytest.approx(-0.1)


def test_dominance_on_both_axes_with_certainty():
    asked = anchors("slumber", 2, 12) + anchors("better", 2, 0)
    marks = two_nights("slumber", [], [], []) + two_nights("better", range(10), range(10), range(10))
    rows = compare(marks, asked)
    assert [(d.other, d.significant) for d in dominated(rows, forgetting="abilities")] == [("better", True)]
    assert dominated(rows) == []  # neither forgot anything


def test_an_arm_that_is_not_there_has_no_rows():
    assert compare(RAW, []) == []
