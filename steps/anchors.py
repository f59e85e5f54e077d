"""The anchor suite: general abilities, examined every night and never trained on."""

from pathlib import Path

from pydantic import Field, model_validator

from steps.records import content_id
from steps.suite import SuiteItem, read_suite


class Anchor(SuiteItem):
    """One item. With ``options`` it is scored by likelihood (``answer`` is the index), else by generation.

    A generated reply is right if, lower-cased and without punctuation, it contains one of ``answers`` as whole words,
    or equals one of them where ``exact`` is set.
    """

    ability: str
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
    return read_suite(folder, Anchor, name="anchor", setting="examine.anchors")
