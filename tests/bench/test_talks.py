"""The talks by which the recognition of corrections is judged, and how they are judged."""

import pytest

from bench.talks import HALVES, VERDICTS, judged, measure, talks


def test_both_halves_hold_whole_talks_and_share_none():
    halves = [talks(half) for half in HALVES]
    assert not {one["id"] for one in halves[0]} & {one["id"] for one in halves[1]}
    for talk in [talk for half in halves for talk in half]:
        roles = [role for turn in talk["talk"] for role in turn]
        assert roles == (["user", "assistant"] * len(roles))[: len(roles)]
        wanted = talk["corrects"]
        assert wanted is None or (
            wanted["value"] and str(wanted["question"]) in [str(t.get("user")) for t in talk["talk"]]
        )


@pytest.mark.parametrize(
    ("reply", "corrects", "verdict"),
    [
        ("No, it has 41.", {"question": "How many cabins has it?", "value": ["41"], "old": "36"}, "right"),
        ("No, it has 40.", {"question": "How many cabins has it?", "value": ["41"], "old": "36"}, "wrong value"),
        ("Thanks!", {"question": "How many cabins has it?", "value": ["41"], "old": "36"}, "missed"),
        ("No, it has 40.", None, "false"),
        ("Thanks!", None, "quiet"),
    ],
)
def test_a_talk_is_judged_by_what_its_reader_says(reply, corrects, verdict):
    turns = [{"user": "How many cabins has it?"}, {"assistant": "It has 36 cabins."}, {"user": reply}]
    assert judged({"talk": turns, "corrects": corrects}).verdict == verdict and verdict in VERDICTS


def test_the_table_counts_every_talk(capsys):
    measure("kept", language="fr", show=False)
    assert "recall" in capsys.readouterr().out
