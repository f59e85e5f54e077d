"""The page of a played day names what was met by its words, and what came often once."""

import pytest

from bench.day.playing import NEITHER, WEIGHTS, Morning, Row, play_days
from bench.day.telling import tell
from steps.errors import SlumberError
from steps.workspace import held_alone


def met(said, **more):
    return {"source": "traces/tr-1", "kind": "conversation", "verdict": "discard", "reason": "so", "said": said, **more}


def test_what_was_met_is_told_by_its_words_and_once(tmp_path, capsys):
    rows = (Row("monday", "Who?", "Ada", "Bo.", "Ada.", WEIGHTS), Row("monday", "When?", "9", "8", "<b>7</b>", NEITHER))
    triaged = (met("Capital?"), met("Capital?"), met("Hoist?", verdict="temporary"), met("[bold]Hi"))
    passers = {"answered": 3.0, "lost": 0.0, "p50": 0.1, "p95": 0.2}
    page = tell([Morning("monday", "2026-03-02", "PROMOTE", "2", rows, triaged, passers, 5)], tmp_path)
    text, told = page.read_text(encoding="utf-8"), capsys.readouterr().out
    assert text.count("Capital?") == 1 and "Capital? (2 times)" in text and "The morning after Monday" in text
    assert "&lt;b&gt;7&lt;/b&gt;" in text and "<b>7" not in text
    assert "Not learned: Capital? (2 times) (conversation): so" in told and "[bold]Hi" in told and "Hoist?" not in told


def test_days_are_not_played_where_others_are_being_played(tmp_path):
    out = tmp_path / "day"
    out.mkdir()
    (out / "played.json").write_text("[]")
    with held_alone(tmp_path / ".day.lock", AssertionError), pytest.raises(SlumberError, match="being played"):
        next(play_days(out, days=1))
    assert (out / "played.json").exists()
