"""Weights, memory and both are asked the same probes, and compared on them."""

from datetime import date

import pytest

from bench.memory import ARMS, Asked, answered_table, compared_table, measure, spread
from steps.errors import SlumberError
from steps.examine.items import ProbeItem
from steps.memory.notes import Note
from steps.records import Probe
from tests.examined import examined


def probe(number, *, night="2026-11-22", answers=("plum",)):
    asked = Probe(id=str(number), night=night, question=f"{number}?", answers=answers, origin="owner", source=None,
                  experience=None)  # fmt: skip
    return ProbeItem(asked, None, f"{number % 3}.md")


def cells(table):
    return [list(column.cells) for column in table.columns]


def test_the_tables_count_what_was_answered():
    note = Note(id="n", page="p", title="", text="plum", source="a", created_at=date(2026, 1, 1), why="persisted")
    asked = [Asked(probe(n), [note], found=n < 4) for n in range(5)] + [Asked(probe(5, answers=()), [], found=False)]
    marks = {
        "nothing": [False] * 6,
        "weights": [True, True, False, False, False, True],
        "memory": [True, False, True, False, False, True],
        "both": [True, True, True, False, False, False],
    }
    arms, alls, *_, left = cells(answered_table(asked, marks, night="2026-11-22"))
    assert [arm.split(":")[0] for arm in arms] == [*ARMS, "a note holds the answer"]
    assert alls == ["0 % (0/5)", "40 % (2/5)", "40 % (2/5)", "60 % (3/5)", "80 % (4/5)"]
    assert left[:4] == ["0 % (0/1)", "100 % (1/1)", "100 % (1/1)", "0 % (0/1)"]
    ours, theirs, difference, won, lost = cells(compared_table(asked, marks))
    assert (ours[0], theirs[0], won[0], lost[0]) == ("both", "weights", "1", "0")
    assert difference[0].startswith("20.0 [") and (won[2], lost[2]) == ("1", "1")


def test_few_probes_are_of_all_nights():
    items = [probe(n) for n in range(7)]
    assert [item.probe.id for item in spread(items, 3)] == ["0", "2", "4"]
    assert spread(items, 7) == spread(items, 99) == items and spread([], 5) == []


def test_what_is_missing_is_said(settings, workspace):
    with pytest.raises(SlumberError, match="is missing"):
        measure(settings, workspace, "2026-11-22")
    examined(workspace)
    with pytest.raises(SlumberError, match="slumber remember --night"):
        measure(settings, workspace, "2026-11-22")
