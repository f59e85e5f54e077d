"""What long work says of itself in a log."""

from steps.progress import Meter


def test_how_long_it_takes_is_said_once_something_is_done(monkeypatch, capsys):
    monkeypatch.setattr("steps.progress.LOG_SECONDS", -1.0)
    meter = Meter("wordings", 10, None)
    meter.advance(0)
    meter.advance(5)
    first, second = capsys.readouterr().err.splitlines()
    assert first.startswith("  wordings: 0/10 after") and "left" not in first
    assert "5/10" in second and "s left" in second
