"""The fifty corrections as they lie in the repository, and the inboxes that they make."""

import json
import shutil
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from bench.stream import REPOSITORY, Night, Stream
from steps.errors import SlumberError
from steps.records import content_id

FOLDER = REPOSITORY / "data" / "bench" / "corrections"
Text = Annotated[str, StringConstraints(min_length=1)]
Spellings = Annotated[tuple[Text, ...], Field(min_length=1)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Question(_Part):
    """A question and the spellings of its answer."""

    question: Text
    answers: Spellings


class Neighbour(Question):
    """What must stay as it was: another attribute of the subject, or the attribute of another subject."""

    relation: Literal["subject", "attribute"]


class Correction(_Part):
    """One correction, said on the day before ``night``, as the next turn, as feedback, or after another exchange."""

    night: Annotated[int, Field(ge=1)]
    wrong: Text
    turn: Text | None = None
    feedback: Text | None = None
    later: tuple[Text, Text, Text] | None = None
    answers: Spellings
    portability: Question

    @model_validator(mode="after")
    def _said_once(self) -> Self:
        if sum(one is not None for one in (self.turn, self.feedback, self.later)) != 1:
            raise ValueError("is said in one of turn, feedback and later")
        return self

    @property
    def said(self) -> str:
        """The user's words that correct."""
        return self.turn or self.feedback or (self.later or ("", "", ""))[-1]


class Topic(_Part):
    """What is corrected, once or several times, and what is asked about it every morning."""

    id: Text
    group: Literal["fact", "plain", "behaviour"]
    subject: Text
    question: Text
    old: Spellings
    paraphrases: Annotated[tuple[Text, ...], Field(min_length=3, max_length=3)]
    neighbours: Annotated[tuple[Neighbour, ...], Field(min_length=2, max_length=2)]
    near: Text
    near_value: tuple[Text, ...] = ()
    corrections: Annotated[tuple[Correction, ...], Field(min_length=1)]

    def held_after(self, night: int) -> int | None:
        """The number of the correction that holds after ``night``, or None before the first."""
        return max((n for n, one in enumerate(self.corrections) if one.night <= night), default=None)

    def old_values(self, number: int) -> tuple[str, ...]:
        """Spellings of all that was said before correction ``number`` and that it makes wrong."""
        now = self.corrections[number].answers
        earlier = (*self.old, *(v for one in self.corrections[:number] for v in one.answers))
        return tuple(dict.fromkeys(value for value in earlier if value not in now))

    def first_kind(self, number: int) -> str:
        """What correction ``number`` is: the group of a first one, "overwrites" or "returns" of a later one."""
        if not number:
            return self.group
        earlier = {self.corrections[n].answers for n in range(number)}
        return "returns" if self.corrections[number].answers in earlier else "overwrites"


class Noise(_Part):
    """What else is said: user and assistant in turns, with a rating or without."""

    night: Annotated[int, Field(ge=1)]
    messages: Annotated[tuple[Text, ...], Field(min_length=1)]
    feedback: dict[str, int] | None = None


class Corrections(_Part):
    """The whole file."""

    first_night: date
    topics: Annotated[tuple[Topic, ...], Field(min_length=1)]
    noise: tuple[Noise, ...] = ()

    @property
    def nights(self) -> int:
        return max(one.night for topic in self.topics for one in topic.corrections)

    def neighbours(self) -> list[Neighbour]:
        """All neighbours, each once."""
        found = {one.question: one for topic in self.topics for one in topic.neighbours}
        return list(found.values())

    def of_night(self, night: int) -> Iterator[tuple[Topic, int]]:
        """Topics that are corrected before ``night``, with the number of the correction."""
        for topic in self.topics:
            for number, one in enumerate(topic.corrections):
                if one.night == night:
                    yield topic, number


def read_corrections(folder: Path = FOLDER) -> Corrections:
    """Read ``corrections.yaml``.

    Raises:
        SlumberError: it is missing or not what it should be.
    """
    path = folder / "corrections.yaml"
    try:
        return Corrections.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, yaml.YAMLError, ValidationError) as error:
        why = " ".join(str(error).split())[:200]
        raise SlumberError(f"{path} cannot be read ({why}): restore data/bench/corrections.") from None


def inboxes(corrections: Corrections, out: Path, *, documents: Path = FOLDER / "night-0") -> Stream:
    """Write the inboxes into ``out`` and return them as a stream whose night 0 teaches the neighbours.

    Night 0 brings the neighbours' questions as its owner's probes, so that none of them is trained on word for word.
    """
    nights = []
    for number in range(corrections.nights + 1):
        night = (corrections.first_night + timedelta(days=number)).isoformat()
        inbox = out / f"night-{number}"
        shutil.rmtree(inbox, ignore_errors=True)
        inbox.mkdir(parents=True)
        if number:
            lines = _conversations(corrections, number, night)
            _write_lines(inbox / "conversations.jsonl", lines)
        else:
            for page in sorted(documents.glob("*.md")):
                shutil.copyfile(page, inbox / page.name)
            probes = [
                {"kind": "probe", "id": f"neighbour-{n}", "question": one.question, "answers": list(one.answers)}
                for n, one in enumerate(corrections.neighbours())
            ]
            _write_lines(inbox / "probes.jsonl", probes)
        nights.append(Night(number, night, inbox))
    return Stream("corrections", tuple(nights), frozenset(range(1, corrections.nights + 1)))


def session(topic: Topic, number: int) -> str:
    """The session in which a correction is said."""
    return f"{topic.id}-{number + 1}"


def _conversations(corrections: Corrections, number: int, night: str) -> list[dict]:
    lines = [_line(session(topic, n), _messages(topic, n)) for topic, n in corrections.of_night(number)]
    for n, one in enumerate(corrections.noise):
        if one.night == number:
            lines.append(_line(f"talk-{n}", _turns(*one.messages), feedback=one.feedback))
    lines.sort(key=lambda line: content_id("order", line["session"]))
    for place, line in enumerate(lines):
        line["created_at"] = f"{night}T{8 + place:02d}:15:00+00:00"
    return lines


def _messages(topic: Topic, number: int) -> dict:
    one = topic.corrections[number]
    said = (one.turn,) if one.turn else one.later or ()
    found = {"messages": _turns(topic.question, one.wrong, *said)}
    return {**found, "feedback": {"correction": one.feedback}} if one.feedback else found


def _turns(*said: str) -> list[dict[str, str]]:
    return [{"role": ("user", "assistant")[n % 2], "content": text} for n, text in enumerate(said)]


def _line(name: str, found: dict | list, *, feedback: dict | None = None) -> dict:
    said = found if isinstance(found, dict) else {"messages": found, **({"feedback": feedback} if feedback else {})}
    user = f"user-{int(content_id('user', name), 16) % 5 + 1}"
    return {"kind": "conversation", **said, "user": user, "session": name}


def _write_lines(path: Path, lines: list[dict]) -> None:
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")
