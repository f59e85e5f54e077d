"""The terminal shows every arm, missing evidence as "-", and the machine's result loses nothing."""

import json
from dataclasses import replace

import pytest
from rich.console import Console

from bench.comparison import compare
from bench.estimates import Estimate
from bench.matrix import summarise
from bench.plain import as_json
from bench.tables import (
    abilities_table,
    comparison_table,
    cost_table,
    directions_table,
    matrix_table,
    memory_table,
    percent,
    points,
)
from tests.bench.synthetic import ARMS, run


@pytest.fixture(scope="module")
def found():
    marks, anchors, costs = run(nights=3, anchors=40)
    return summarise(marks, anchors, resamples=200), compare(marks, anchors), costs


def text(table):
    console = Console(width=120, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    console.print(table)
    return console.export_text()


def line(shown, arm):
    return next(row for row in shown.splitlines() if row.split()[:1] == [arm])


def test_compact_intervals():
    assert percent(Estimate(0.62, 0.48, 0.75, 15)) == "62 [48, 75]"
    assert percent(Estimate(0.62, None, None, 15)) == "62 [-, -]"
    assert points(Estimate(-0.031, -0.08, 0.022, 421)) == "-3.1 [-8.0, 2.2]"
    assert percent(None) == points(None) == "-"


def test_every_arm_has_a_row_and_fits(found):
    summaries, comparisons, costs = found
    for table in (
        memory_table(summaries),
        abilities_table(summaries),
        directions_table(summaries),
        comparison_table(comparisons),
        cost_table(costs),
    ):
        shown = text(table)
        assert all(arm in shown for arm in ARMS) and "…" not in shown


def test_missing_evidence_is_a_dash(found):
    summaries, _, _ = found
    assert line(text(memory_table(summaries)), "joint").split()[-2:] == ["-", "-"]
    assert line(text(abilities_table(summaries)), "retrieval").split()[-4:] == ["-"] * 4


def test_matrix_has_counts_and_bounds(found):
    slumber = next(summary for summary in found[0] if summary.arm == "slumber")
    shown, (right, asked) = text(matrix_table(slumber)), slumber.counts[3, 1]
    assert f"({right}/{asked})" in line(shown, "3") and line(shown, "floor") and line(shown, "ceiling")
    cells = {key: cell for key, cell in slumber.matrix.items() if key != (3, 2)}
    holed = line(text(matrix_table(replace(slumber, matrix=cells))), "3").split()
    assert holed[3] == "-" and len(holed) == 6  # night, two cells of two words, and the one that was not asked


def test_cost_of_a_phase_that_an_arm_lacks(found):
    costs = [found[2][0], found[2][0].model_copy(update={"arm": "bare", "seconds": {}, "tokens_per_second": None})]
    assert line(text(cost_table(costs)), "bare").split() == ["bare", "1", "-", "-", "-", "-", "500", "40,000", "-"]


def test_json_is_plain_and_whole(found):
    summaries, comparisons, costs = found
    plain = as_json(summaries, comparisons, costs, settings={"preset": "small"})
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain
    assert plain["settings"] == {"preset": "small"}
    joint = next(arm for arm in plain["arms"] if arm["arm"] == "joint")
    assert joint["bwt"] is None and joint["retention"].keys() == {"value", "low", "high", "count"}
    assert [(cell["after"], cell["cohort"], cell["asked"]) for cell in joint["matrix"]] == [
        (3, 1, 15),
        (3, 2, 15),
        (3, 3, 15),
    ]
    assert len(plain["comparisons"]) == len(comparisons) and len(plain["costs"]) == len(costs)
