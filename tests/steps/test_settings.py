"""params.yaml is read strictly: each file in tests/invalid_params is refused by a sentence that names the key."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from steps.errors import SlumberError
from steps.params import load_settings
from steps.settings import REPOSITORY

INVALID = sorted((Path(__file__).parents[1] / "invalid_params").glob("*.yaml"))


@pytest.mark.parametrize("path", INVALID, ids=lambda path: path.stem)
def test_invalid_settings_are_refused_in_one_sentence(path):
    key = path.read_text().splitlines()[0].removeprefix("# refused: ")
    with pytest.raises(SlumberError) as refusal:
        load_settings(path)
    sentence = str(refusal.value)
    assert key in sentence and "\n" not in sentence and sentence.endswith(".")


def test_the_shipped_settings_are_valid_and_frozen(settings):
    with pytest.raises(ValidationError):
        settings.seed = 1
    assert settings.anchors.is_dir() and settings.inbox.is_dir()


def test_suites_need_lm_eval(tmp_path, monkeypatch):
    path = tmp_path / "params.yaml"
    shipped = (REPOSITORY / "params.yaml").read_text()
    path.write_text(shipped.replace("suites: []", "suites: [arc_easy, {task: own/colours, limit: 20}]"))
    monkeypatch.setattr("steps.settings.find_spec", lambda _: None)
    with pytest.raises(SlumberError, match=r"examine\.suites.*pip install lm_eval"):
        load_settings(path)
    monkeypatch.setattr("steps.settings.find_spec", lambda _: object())
    assert [(s.task, s.limit) for s in load_settings(path).examine.suites] == [("arc_easy", None), ("own/colours", 20)]
    path.write_text(shipped.replace("suites: []", "suites: [arc_easy, arc_easy]"))
    with pytest.raises(SlumberError, match=r"examine\.suites.*twice"):
        load_settings(path)


def test_a_missing_file_is_one_sentence(tmp_path):
    with pytest.raises(SlumberError, match="There is no settings file"):
        load_settings(tmp_path / "params.yaml")
