"""With SLUMBER_LOG=json each line is one JSON object; without it all is as it was."""

import json
import logging

import pytest

from steps.progress import progress, say
from steps.step import Step
from steps.structured import log_lines, within


@pytest.fixture
def lines(monkeypatch, capsys):
    monkeypatch.setenv("SLUMBER_LOG", "json")

    def read():
        return [json.loads(line) for line in capsys.readouterr().err.splitlines()]

    return read


def test_a_line_says_when_where_and_what(lines):
    say("The settings are in order ...")
    with within(night="2026-11-22", step="dream"):
        say("  [bold] is no markup, and „quotes“ stay")
    first, second = lines()
    assert first.keys() == {"time", "level", "message"} and first["level"] == "info"
    assert (second["night"], second["step"]) == ("2026-11-22", "dream")
    assert second["message"] == "[bold] is no markup, and „quotes“ stay" and second["time"].endswith("+00:00")


def test_progress_is_lines_too(lines, monkeypatch):
    monkeypatch.setattr("steps.progress.LOG_SECONDS", 0.0)
    with progress("training", 2) as meter:
        meter.advance(note="loss 1.0")
    (line,) = lines()
    assert line["message"].startswith("training: 1/2 after") and line["message"].endswith("loss 1.0")


def test_a_step_says_which_it_is(lines, settings, workspace):
    from steps.manifest import Figures
    from steps.night import Night

    class Speaks(Step[Figures]):
        """Speak."""

        name = "speaks"

        def work(self, night):
            say("here")
            return Figures()

    Speaks().run(Night.of(settings, workspace, "2026-11-22"))
    say("and after it")
    within_it, after = lines()
    assert within_it["step"] == "speaks" and "step" not in after


def test_what_libraries_log_is_lines(lines, monkeypatch):
    monkeypatch.setattr(logging.getLogger("uvicorn"), "propagate", True)  # a server of another test may have ended it
    root = logging.getLogger()
    before = root.handlers[:], root.level
    try:
        log_lines()
        try:
            raise ValueError("why")
        except ValueError:
            logging.getLogger("uvicorn.error").exception("It broke")
    finally:
        root.handlers[:], _ = before
        root.setLevel(before[1])
    (line,) = lines()
    assert (
        line["level"] == "error" and line["message"].startswith("uvicorn.error: It broke") and "why" in line["message"]
    )


def test_without_it_lines_are_text(monkeypatch, capsys):
    monkeypatch.delenv("SLUMBER_LOG", raising=False)
    say("plain")
    assert capsys.readouterr().err == "plain\n"


def test_a_library_that_logs_wrongly_goes_on_and_a_line_is_ascii(monkeypatch, capsys):
    monkeypatch.setenv("SLUMBER_LOG", "json")
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [])
    log_lines()
    logging.getLogger("odd").warning("%d of them", "many")
    logging.getLogger("odd").warning("\u2028 \x9b \ud800")
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("{")]
    assert len(lines) == 1 and lines[0].isascii() and json.loads(lines[0])["message"].startswith("odd: \u2028")
