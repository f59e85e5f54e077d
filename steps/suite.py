"""A suite that is shipped or set: a folder of ``*.jsonl``, one item a line, each item once."""

import json
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from steps.errors import SlumberError
from steps.records import Record


class SuiteItem(Record):
    """What every item of a suite has."""

    question: str

    @property
    def id(self) -> str:
        """Content hash, by which two models' answers are paired."""
        raise NotImplementedError


R = TypeVar("R", bound=SuiteItem)


def read_suite(folder: Path, kind: type[R], *, name: str, setting: str) -> list[R]:
    """Read every file of the suite, sorted by name.

    Args:
        name: of one item, for messages ("anchor").
        setting: the key of params.yaml that names the folder.

    Raises:
        SlumberError: the folder is missing or empty, a line is not an item, or an item stands there twice.
    """
    files = sorted(folder.glob("*.jsonl"))
    found: dict[str, R] = {}
    for file in files:
        for number, line in enumerate(file.read_text(encoding="utf-8").split("\n"), start=1):
            if not line.strip():
                continue
            try:
                item = kind(**json.loads(line))
            except (ValidationError, ValueError, TypeError) as error:
                first = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
                raise SlumberError(f"{file}, line {number} is not an item of the {name} suite: {first}") from None
            if item.id in found:
                raise SlumberError(f"{file}, line {number} repeats an item of the {name} suite: {item.question!r}")
            found[item.id] = item
    if not found:
        raise SlumberError(
            f"There is no {name} suite in {folder}: set {setting} in params.yaml to a folder of *.jsonl."
        )
    return list(found.values())
