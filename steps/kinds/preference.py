"""Preferences: of two answers the better one, or of one answer whether it was good.

What is preferred is learned against the model before tonight: pairs by direct preference optimisation, single ratings
by themselves (``steps.consolidate.objectives``). Who says both that A is better than B and that B is better than A says
nothing, and is told so.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Self

from pydantic import model_validator

from steps.ingest.redact import PLACEHOLDER
from steps.kinds.entry import Text
from steps.kinds.kind import Dreaming
from steps.kinds.messages import (
    NO_TEXT,
    SHOWN_CHARS,
    Chat,
    Messages,
    MessagesKind,
    asked_last,
    bare,
    opening,
    shows_no_text,
)
from steps.kinds.ordered import ORDERED, ordered_at
from steps.model.tools import call_text, shown
from steps.records import Dream, Experience, content_id

SUITE = "preferences"
STRATEGY = "preference"
BETA = 0.1  # how far the model may move away from the reference for a preference; the paper's value


class PreferenceEntry(Chat):
    kind: Literal["preference"]
    prompt: Text | Messages
    chosen: Text | Messages | None = None
    rejected: Text | Messages | None = None
    completion: Text | Messages | None = None
    label: bool | None = None

    @model_validator(mode="after")
    def _compares_or_rates(self) -> Self:
        pair, rated = (self.chosen, self.rejected), (self.completion, self.label)
        if None not in pair and rated == (None, None):
            return self
        if None not in rated and pair == (None, None):
            return self
        raise ValueError("a preference needs `chosen` and `rejected`, or `completion` and `label` (true or false)")


@dataclass(frozen=True)
class _Answer:
    said: str
    calls: tuple[dict[str, Any], ...]

    @property
    def text(self) -> str:
        return shown(self.said, self.calls)


@dataclass(frozen=True)
class _Claim:
    """What a preference says: after ``messages`` one answer is ``better`` than another, or good or bad by itself."""

    messages: tuple[dict[str, Any], ...]
    tools: tuple[dict[str, Any], ...]
    better: _Answer | None
    worse: _Answer | None

    @property
    def prompt(self) -> str:
        return content_id([(m["role"], _words(m)) for m in self.messages])

    @property
    def ordered(self) -> bool:
        """Whether an order to a model stands in what was asked or in what is said to be good."""
        good = [{"role": "assistant", "content": self.better.text}] if self.better else []
        talk = [*self.messages, *good]
        return ordered_at(talk) < len(talk)

    @property
    def about(self) -> str:
        """A key of what is compared, whichever side is said to be better, and with which tools at hand."""
        sides = sorted(" ".join(side.text.split()) for side in (self.better, self.worse) if side)
        return content_id(self.prompt, sides, *([self.tools] if self.tools else []))

    @property
    def prefers(self) -> str:
        return content_id(" ".join(self.better.text.split())) if self.better else ""


class Preference(MessagesKind):
    name = "preference"
    entry = PreferenceEntry
    learned = True
    chats = ("prompt", "chosen", "rejected", "completion")
    trust: ClassVar = "user"
    suite: ClassVar[str] = SUITE

    def idle(self, experience: Experience) -> str | None:
        payload = experience.payload
        claim = _claim(payload)
        if claim and claim.ordered:
            return ORDERED
        if "chosen" not in payload:
            return None
        if claim and claim.better and claim.worse:
            same = claim.better.text.split() == claim.worse.text.split()  # whoever numbers its calls, and how
        else:
            same = _plainly(payload["chosen"]) == _plainly(payload["rejected"])
        return "its two answers are the same" if same else None

    def lessons(self, experiences: Sequence[Experience], dreaming: Dreaming) -> list[Dream]:
        """One for each; of what contradicts another of tonight or of an earlier night, none."""
        claims = {e.id: claim for e in experiences if (claim := _claim(e.payload))}
        said = defaultdict(set)
        for about, prefers in [*_earlier(dreaming), *((c.about, c.prefers) for c in claims.values())]:
            said[about].add(prefers)
        found = []
        for experience in experiences:
            claim = claims.get(experience.id)
            sides = [side for side in (claim.better, claim.worse) if side] if claim else []
            asked = {"messages": claim.messages, "tools": claim.tools} if claim else {}
            obstacles = [dreaming.obstacle(**asked, completion=side.said, calls=side.calls) for side in sides]
            if claim is None:
                dreaming.refused["a preference between talks, not between answers"] += 1
            elif len(said[claim.about]) > 1:
                dreaming.refused["contradicts another preference"] += 1
            elif any(PLACEHOLDER.search(side.text) for side in sides):
                dreaming.refused["shows what was blacked out"] += 1
            elif shows_no_text(claim.messages):
                dreaming.refused[NO_TEXT] += 1
            elif reason := next(filter(None, obstacles), None):
                dreaming.refused[reason] += 1
            else:
                found.append(_dream(experience, claim, dreaming.night))
        return found

    def lesson(self, experience: Experience, dream: Dream) -> dict[str, Any]:
        claim = _claim(experience.payload)
        assert claim is not None, "only what claims something is dreamt of"
        shown = claim.better or claim.worse
        assert shown is not None
        found = {"messages": claim.messages, "tools": claim.tools, "completion": shown.said, "calls": shown.calls}
        if claim.better and claim.worse:
            found |= {"rejected": claim.worse.said, "rejected_calls": claim.worse.calls}
        return found


def _earlier(dreaming: Dreaming) -> Iterator[tuple[str, str]]:
    for dream in dreaming.earlier():
        if dream.strategy == STRATEGY:
            yield str(dream.verification["about"]), str(dream.verification["prefers"])


def _claim(payload: Mapping[str, Any]) -> _Claim | None:
    prompt = payload["prompt"]
    messages = ({"role": "user", "content": prompt},) if isinstance(prompt, str) else tuple(map(bare, prompt))
    better = worse = None
    if payload.get("label") is not False:
        better = _answer(payload.get("chosen", payload.get("completion")))
    if payload.get("label") is not True:
        worse = _answer(payload.get("rejected", payload.get("completion")))
    complete = (better or worse) if "label" in payload else (better and worse)
    return _Claim(messages, tuple(payload.get("tools") or ()), better, worse) if complete else None


def _answer(side: Any) -> _Answer | None:
    """An answer that is one message of the assistant; None if it is a talk."""
    if isinstance(side, str):
        return _Answer(side, ())
    if len(side) != 1 or side[0]["role"] != "assistant":
        return None
    return _Answer(side[0].get("content") or "", tuple(side[0].get("tool_calls") or ()))


def _words(message: Mapping[str, Any]) -> str:
    return " ".join(call_text(message.get("content") or "", message.get("tool_calls") or ()).split()).lower()


def _plainly(side: str | list[dict[str, Any]]) -> list[Any]:
    """What an answer says, whatever its spaces."""
    if isinstance(side, str):
        return side.split()
    return [[m["role"], (m.get("content") or "").split(), m.get("tool_calls")] for m in side]


def _dream(experience: Experience, claim: _Claim, night: str) -> Dream:
    asked = asked_last(claim.messages) or experience.title
    shown = claim.better or claim.worse
    assert shown is not None
    return Dream(
        id=content_id(STRATEGY, experience.id),
        night=night,
        strategy=STRATEGY,
        experience=experience.id,
        source=experience.source,
        sentence=0,
        question=asked[:SHOWN_CHARS],
        answer=shown.text[:SHOWN_CHARS],
        rejected=claim.worse.text[:SHOWN_CHARS] if claim.better and claim.worse else None,
        objective="prefer" if claim.better and claim.worse else "like" if claim.better else "dislike",
        verification={
            "opening": opening(claim.messages, experience.title),
            "about": claim.about,
            "prefers": claim.prefers,
        },
    )
