"""The benchmark of kinds runs whole on the tiny model, beside TRL where that is installed."""

import json

import pytest

from bench.kinds.peers import talk_rows
from bench.kinds.running import ARMS, measure
from steps.consolidate.examples import Example


def test_talks_are_trained_on_once_with_all_their_turns():
    first = Example("a", (1, 2), (1, 2), (3, 9))
    second = Example("b", (1, 2, 3, 9, 4), (1, 2, 3, 9, 4), (5, 9), follows=True)
    alone = Example("c", (1, 7), (1, 7), (8, 9))
    rows = talk_rows([first, second, alone])
    assert [row["input_ids"] for row in rows] == [[1, 2, 3, 9, 4, 5, 9], [1, 7, 8, 9]]
    assert rows[0]["labels"] == [-100, -100, 3, 9, -100, 5, 9]


def test_every_arm_learns_the_same_lessons(tiny_settings, tmp_path, capsys):
    pytest.importorskip("trl")
    consolidate = tiny_settings.consolidate.model_copy(update={"epochs": 4, "learning_rate": 0.02})
    settings = tiny_settings.model_copy(update={"consolidate": consolidate})
    measure(settings, tmp_path / "out", anchors_every=4, records=16)
    told = json.loads((tmp_path / "out" / "kinds.json").read_text())
    rows = {row["arm"]: row for row in told["arms"]}
    assert list(rows) == [arm.name for arm in ARMS] and "Kinds of experience" in capsys.readouterr().out
    base = rows["base"]
    assert base["margin"] == 0 and base["rate"] is None
    for name in ("slumber, demonstrations", "slumber, one night of both", "TRL SFTTrainer, demonstrations"):
        assert rows[name]["nats"] > base["nats"], name
    for name in ("slumber, preferences", "slumber, one night of both"):
        assert rows[name]["margin"] > 0, name
    assert rows["TRL DPOTrainer, pairs"]["rate"] > 0
