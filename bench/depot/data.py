"""The depot's principles and words as they lie in the repository."""

from functools import cache
from pathlib import Path
from typing import Annotated, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from bench.stream import REPOSITORY
from steps.errors import SlumberError

FOLDER = REPOSITORY / "data" / "bench" / "depot"
Text = Annotated[str, StringConstraints(min_length=1)]
Family = Literal["class", "topic", "word", "error", "order", "repair", "exception"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Words(_Part):
    """A list of things: ``train`` is met and practised, ``test`` is asked alone."""

    train: tuple[Text, ...]
    test: tuple[Text, ...]


class Things(_Part):
    """What cases are about: lists of words, and a word that stands in each of them."""

    lists: Annotated[tuple[Text, ...], Field(min_length=1, alias="from")]
    cue: str = ""


class Side(Things):
    """One side of a principle: for these things ``action`` is right, as ``rule`` says."""

    action: Text
    rule: Text


class DepotPrinciple(_Part):
    """Two sides that share a question. ``say``: an action in natural words; ``values``: what it makes of a number."""

    id: Text
    night: Annotated[int, Field(ge=1)]
    family: Family
    tool: Text
    ask: Text
    say: Text
    others: Annotated[tuple[Text, ...], Field(min_length=2, max_length=2)]
    near: Things
    values: dict[str, str] = {}
    sides: Annotated[tuple[Side, ...], Field(min_length=2, max_length=2)]

    @property
    def actions(self) -> tuple[str, ...]:
        """The four actions that are chosen from."""
        return (*(side.action for side in self.sides), *self.others)

    @model_validator(mode="after")
    def _told_apart(self) -> Self:
        if len(set(self.actions)) != len(self.actions):
            raise ValueError(f"{self.id}: two of its actions are the same")
        if self.values and set(self.values) != set(self.actions):
            raise ValueError(f"{self.id}: each action needs a value")
        return self


class Depot(_Part):
    """All of the world."""

    principles: Annotated[tuple[DepotPrinciple, ...], Field(min_length=1)]
    lexicon: dict[str, Words]

    @property
    def nights(self) -> int:
        return max(one.night for one in self.principles)

    def of_night(self, night: int) -> list[DepotPrinciple]:
        """The principles that are first met on the day before ``night``."""
        return [one for one in self.principles if one.night == night]

    def until(self, night: int) -> list[DepotPrinciple]:
        """The principles that were met so far."""
        return [one for one in self.principles if one.night <= night]

    def words(self, things: Things, split: Literal["train", "test"]) -> list[str]:
        """The words of one split, the lists taking turns."""
        lists = [getattr(self.lexicon[name], split) for name in things.lists]
        longest = max(map(len, lists), default=0)
        return [own[place] for place in range(longest) for own in lists if place < len(own)]

    @model_validator(mode="after")
    def _words_are_apart(self) -> Self:
        named = {name for one in self.principles for part in (*one.sides, one.near) for name in part.lists}
        if unknown := named - set(self.lexicon):
            raise ValueError(f"there is no list of {', '.join(sorted(unknown))}")
        every = [word for words in self.lexicon.values() for word in (*words.train, *words.test)]
        if twice := {word for word in every if every.count(word) > 1}:
            raise ValueError(f"these words stand in two places: {', '.join(sorted(twice))}")
        return self


@cache
def read_depot(folder: Path = FOLDER) -> Depot:
    """Read ``principles.yaml`` and ``lexicon.yaml``.

    Raises:
        SlumberError: one is missing or not what it should be.
    """
    try:
        texts = {name: (folder / f"{name}.yaml").read_text("utf-8") for name in ("principles", "lexicon")}
        given = {name: yaml.safe_load(text) for name, text in texts.items()}
        return Depot.model_validate(given)
    except (OSError, yaml.YAMLError, ValidationError) as error:
        why = " ".join(str(error).split())[:200]
        raise SlumberError(f"{folder} cannot be read ({why}): restore data/bench/depot.") from None
