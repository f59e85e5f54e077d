"""The anchor suite: general abilities, examined every night and never trained on."""

import json
from pathlib import Path

from pydantic import Field, ValidationError, model_validator

from steps.errors import SlumberError
from steps.records import Record, content_id


class Anchor(Record):
    """One item. With ``options`` it is scored by likelihood (``answer`` is the index), else by generation.

    A generated reply is right if, lower-cased and without punctuation, it contains one of ``answers`` as whole words,
    or equals one of them where ``exact`` is set.
    """

    ability: str
    question: str
    passage: str | None = None
    options: tuple[str, ...] = ()
    answer: int | None = Field(None, ge=0)
    answers: tuple[str, ...] = ()
    exact: bool = False

    @model_validator(mode="after")
    def _one_kind(self):
        if self.options and (self.answer is None or self.answer >= len(self.options) or self.answers):
            raise ValueError("an item with options needs the index of the right one as 'answer', and no 'answers'")
        if not self.options and (not self.answers or self.answer is not None):
            raise ValueError("an item without options needs 'answers'")
        return self

    @property
    def id(self) -> str:
        return content_id("anchor", self.passage, self.question, self.options, self.answers)

    @property
    def prompt(self) -> str:
        return f"{self.passage}\n\n{self.question}" if self.passage else self.question


def read_anchors(folder: Path) -> list[Anchor]:
    """Read every ``*.jsonl`` file of the suite, sorted by name.

    Raises:
        SlumberError: the folder is missing or empty, a line is not an item, or an item stands there twice.
    """
    files = sorted(folder.glob("*.jsonl"))
    if not files:
        raise SlumberError(
            f"There is no anchor suite in {folder}: set examine.anchors in params.yaml to a folder of *.jsonl."
        )
    found: dict[str, Anchor] = {}
    for file in files:
        for number, line in enumerate(file.read_text(encoding="utf-8").split("\n"), start=1):
            if not line.strip():
                continue
            try:
                anchor = Anchor(**json.loads(line))
            except (ValidationError, ValueError, TypeError) as error:
                first = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
                raise SlumberError(f"{file}, line {number} is not an anchor item: {first}") from None
            if anchor.id in found:
                raise SlumberError(f"{file}, line {number} repeats an anchor item: {anchor.question!r}")
            found[anchor.id] = anchor
    return list(found.values())
