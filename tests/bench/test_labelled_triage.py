"""The labelled experiences of triage, and how they are counted."""

from collections import Counter

from bench.triage import CLASSES, Judged, Share, figures, judged, labelled


def test_labelled_experiences_are_whole_and_halved_by_class():
    rows = labelled()
    assert len({row["id"] for row in rows}) == len(rows) == 150
    assert {row["label"] for row in rows} == set(CLASSES) and all(row["reason"] for row in rows)
    halves = Counter((row["label"], row["half"]) for row in rows)
    assert all(halves[name, "tuning"] == halves[name, "report"] for name in CLASSES)
    assert all(("text" in row) != ("record" in row) for row in rows)
    assert sum(row["language"] != "en" for row in rows) >= 30
    own = [row for row in rows if row.get("own")]
    assert own and all(row["label"] == "temporary" and row["record"]["user"] for row in own)


def test_shares_and_their_intervals():
    found = [
        Judged({"label": label}, verdict, "", None)
        for label, verdict in [("persist", "persist"), ("persist", "discard"), ("temporary", "persist")]
    ]
    assert figures(found)["persist"] == (Share(1, 2), Share(1, 2))
    assert figures(found)["temporary"] == (Share(0, 0), Share(0, 1))
    assert str(Share(9, 10)) == "0.900 [0.60, 0.98] (9 of 10)" and str(Share(0, 0)) == "none"


def test_nights_judge_what_lies_in_an_inbox(settings):
    rows = [
        {
            "id": "1",
            "night": "2026-11-24",
            "label": "persist",
            "file": "a.md",
            "text": "# Mill\n\nThe mill has 4 doors.",
        },
        {"id": "2", "night": "2026-11-24", "label": "discard", "file": "b.md", "text": "  "},
        {
            "id": "3",
            "night": "2026-11-24",
            "label": "discard",
            "file": "c.md",
            "text": "# Pier\n\nThe pier is 80 metres long.",
            "before": {"night": "2026-11-23", "file": "c.md", "text": "# Pier\n\nThe pier is 80 metres long.\n"},
        },
    ]
    found = {one.labelled["id"]: one for one in judged(rows, settings)}
    assert [found[key].verdict for key in "123"] == ["persist", "discard", "discard"]
    assert found["2"].reason.startswith("quarantined")
