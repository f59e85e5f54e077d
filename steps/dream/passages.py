"""The calibration passages: invented pages of every shape, all that they say, and how dreams are held against it."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import cast

import yaml
from pydantic import BaseModel, ConfigDict, Field

from steps.kinds.cleaning import Cleaning
from steps.kinds.document.evidence import answered
from steps.kinds.document.kind import Document, DocumentEntry
from steps.kinds.document.shapes import Shape
from steps.marking import holds
from steps.records import Dream, Experience, content_id
from steps.sentences import stems
from steps.workspace import file_sha256

_FILE = Path(__file__).with_name("calibration.yaml")


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class KnownFact(_Strict):
    """``value``: what is asked for, or one of ``also``. ``subject``: a question names all words of one of them.

    ``asks``: one of them stands in a question that asks for the value. ``wrong``: what a right answer never says.
    """

    value: str
    also: tuple[str, ...] = ()
    asks: tuple[str, ...] = ()
    subject: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()

    @property
    def values(self) -> tuple[str, ...]:
        return (self.value, *self.also)


class CalibrationPassage(_Strict):
    """A page of one shape. ``subject``: of those facts that name none of their own."""

    shape: Shape
    title: str
    text: str
    subject: tuple[str, ...] = ()
    facts: tuple[KnownFact, ...] = Field(min_length=1)

    def experience(self, night: str) -> Experience:
        """It as a document that came in at ``night``."""
        entry = Document().of_line(DocumentEntry(kind="document", title=self.title, text=self.text))
        shown = Document().shown(cast(DocumentEntry, entry), Cleaning(max_chars=len(self.text) * 4))
        return Experience(
            id=content_id("document", shown.title, shown.text),
            night=night,
            kind="document",
            source=_FILE.name,
            record=None,
            title=shown.title,
            text=shown.text,
            payload=shown.payload,
        )

    def subjects(self, fact: KnownFact) -> tuple[str, ...]:
        return fact.subject or self.subject


@cache
def calibration_passages() -> tuple[CalibrationPassage, ...]:
    """Read the passages that Slumber brings along."""
    rows = yaml.safe_load(_FILE.read_text(encoding="utf-8"))["passages"]
    return tuple(CalibrationPassage.model_validate(row) for row in rows)


def passages_digest() -> str:
    """Digest of the passages and what is known of them."""
    return file_sha256(_FILE)


def matched(dream: Dream, passage: CalibrationPassage) -> list[KnownFact]:
    """Return the known facts that a dream asks for, in either direction; none for a wrong one.

    Forwards, the question names the subject and not the value, it asks for such a value, and the answer gives it as
    what is asked for.
    Backwards, the question names the value, and the answer gives the subject.
    """
    if any(holds(dream.answer, fact.wrong) and _about(dream.question, passage, fact) for fact in passage.facts):
        return []
    return [fact for fact in passage.facts if _forwards(dream, passage, fact) or _backwards(dream, passage, fact)]


def score(dreams: Sequence[Dream], passage: CalibrationPassage) -> tuple[int, int, int, int]:
    """Return (facts asked, facts known, right dreams, dreams) of the questions about a passage."""
    asked: set[str] = set()
    right = 0
    own = [dream for dream in dreams if dream.strategy in ("question", "reverse")]
    for dream in own:
        found = matched(dream, passage)
        right += bool(found)
        asked |= {content_id(fact.subject, fact.value) for fact in found}
    return len(asked), len(passage.facts), right, len(own)


def _forwards(dream: Dream, passage: CalibrationPassage, fact: KnownFact) -> bool:
    span = str(dream.verification.get("span", ""))
    given = [value for value in fact.values if answered(span, value)]
    asked = [value for value in given if not holds(dream.question, (value,)) and holds(dream.answer, fact.values)]
    meant = not fact.asks or any(_within(word, dream.question) for word in fact.asks)
    return bool(asked) and meant and _about(dream.question, passage, fact)


def _backwards(dream: Dream, passage: CalibrationPassage, fact: KnownFact) -> bool:
    named = any(_within(value, dream.question) for value in fact.values)
    return named and any(_within(subject, dream.answer) for subject in (*passage.subjects(fact), passage.title))


def _about(question: str, passage: CalibrationPassage, fact: KnownFact) -> bool:
    return any(_within(subject, question) for subject in passage.subjects(fact))


def _within(words: str, text: str) -> bool:
    """Whether all words stand in a text, whatever their endings."""
    wanted = stems(words) or {words.lower()}
    return wanted <= stems(text) | set(text.lower().split())
