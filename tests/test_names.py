"""What several modules name is written in one of them: a name that is changed in one place alone would be lost."""

import pytest

from steps.settings import REPOSITORY

ALONE = {"bench/oracle.py"}  # runs on both sides of a change, and so takes nothing from either


@pytest.mark.parametrize(
    ("name", "home"),
    [
        ("learned tonight", "steps/records.py"),
        ("left_out", "steps/records.py"),
        ("verdict.json", "steps/workspace.py"),
        ("promotion.json", "steps/workspace.py"),
        ("adapter_config.json", "steps/checkpoint.py"),
    ],
)
def test_a_name_is_written_in_one_place(name, home):
    written = {
        path.relative_to(REPOSITORY).as_posix()
        for part in ("steps", "awake", "bench")
        for path in (REPOSITORY / part).rglob("*.py")
        if f'"{name}"' in path.read_text(encoding="utf-8")
    }
    assert written - ALONE == {home}
