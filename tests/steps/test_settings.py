"""params.yaml is read strictly: each file in tests/invalid_params is refused by a sentence that names the key."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from steps.errors import SlumberError
from steps.params import load_settings

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


def test_a_missing_file_is_one_sentence(tmp_path):
    with pytest.raises(SlumberError, match="There is no settings file"):
        load_settings(tmp_path / "params.yaml")
