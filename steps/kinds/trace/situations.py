"""A trace as situations: what was asked, what was tried in vain and why, what was then right, and who says so.

That something is right is never told by the agent's own words. The environment says so where it refused one call and
took the next, or by the trace's outcome; a user, by what he said before the call that was taken, or by a rating. What
was done after an order that stood in a tool's result is nobody's example, nor is any step of a trace that failed.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, Literal

from steps.ingest.redact import PLACEHOLDER
from steps.kinds.conversation.phrases import phrases
from steps.kinds.conversation.wording import opened
from steps.kinds.rating import rating
from steps.kinds.trace.acts import Act, acts_of
from steps.kinds.trace.retries import takes_the_place
from steps.orders import has_order, is_order
from steps.records import Experience

Evidence = Literal["environment", "user", "outcome"]

MOST_CHARS = 2000  # of what is asked, and of an act that is imitated
_SAID_CHARS = 400  # of what a user says of a try
_MOST = 200  # situations of a trace
_MOST_REASONS = 50  # that are kept of a step: each refusal holds all before it
_WELL = frozenset("success succeeded passed pass resolved solved correct done true".split())
_BADLY = frozenset("failure failed fail error incorrect unresolved aborted false".split())


@dataclass(frozen=True)
class Refusal:
    """A try that was not taken, or taken back. ``why``: what was said of it; ``heard``: what had been said before."""

    act: Act
    why: str
    heard: tuple[str, ...]
    by: Literal["environment", "user"]


@dataclass(frozen=True)
class Situation:
    """One step of a task. ``done``: what was taken before it; ``right``: what was taken in the end, if anything.

    ``evidence``: who says that it was right; without any it is nobody's example. ``reasons``: what was said of it.
    ``before``: places of the messages that the agent needs before it: the task, and what was taken with its answers.
    """

    task: str
    done: tuple[str, ...]
    refused: tuple[Refusal, ...]
    right: Act | None
    reasons: tuple[str, ...]
    evidence: frozenset[Evidence]
    before: tuple[int, ...] = ()

    @property
    def asked(self) -> str:
        """What the agent had before it: the task, and what it had done of it already."""
        return "\n".join([self.task, *(f"Done: {one}" for one in self.done)])

    @property
    def teaches(self) -> bool:
        """Whether it shows what is right, by a word that counts."""
        return self.right is not None and bool(self.evidence)


def situations(experience: Experience) -> tuple[Situation, ...]:
    """Return the situations of a trace in order, at most 200."""
    return _situations(_Trace(experience.id, experience.text, experience.payload))


@dataclass(frozen=True)
class _Trace:
    id: str
    text: str
    payload: Mapping[str, Any] = field(compare=False)


@lru_cache(maxsize=512)  # parts, lessons and pages ask for the same ones
def _situations(trace: _Trace) -> tuple[Situation, ...]:
    reading = _Reading()
    messages = trace.payload.get("messages", [])
    acts = acts_of(messages)
    for place, message in enumerate(messages):
        if len(reading.found) >= _MOST:
            break
        text = message.get("content") or ""
        if message["role"] == "user":
            reading.user(text, place)
        elif message["role"] in ("tool", "function"):
            reading.result(text)
        for act in acts.get(place, ()):
            reading.act(act, _after(act, messages, acts))
    reading.close()
    judged = outcome(trace.payload)
    return tuple(_judged(one, judged) for one in reading.found)


def outcome(payload: Mapping[str, Any]) -> tuple[Literal["well", "badly"], Evidence] | None:
    """How a trace ended and who says so, None where nobody does; a user's rating goes before the outcome."""
    ratings = [r for one in _each(payload.get("feedback")) if (r := rating(one)) is not None]
    if ratings:
        return ("badly" if min(ratings) < 0 else "well"), "user"
    status = str((payload.get("outcome") or {}).get("status", "")).strip().lower()
    if status in _WELL or status in _BADLY:
        return ("well" if status in _WELL else "badly"), "outcome"
    return None


class _Reading:
    """Walks through a trace once."""

    def __init__(self) -> None:
        self.found: list[Situation] = []
        self._task: str | None = None
        self._done: list[str] = []
        self._places: list[int] = []  # of the task and of what was done
        self._refused: list[Refusal] = []
        self._reasons: list[str] = []
        self._users = False  # a user has said something of the step at hand
        self._ordered = False  # an order stands in the task, or was read in a result since the trace began
        self._read_order = False  # the latter: what it asks for may be done in any later task

    def user(self, text: str, place: int) -> None:
        """A user speaks: of what was tried, or of something new."""
        said = " ".join(text.split())
        if not said:
            return
        if self._task is not None and not has_order(said) and len(said) <= _SAID_CHARS:
            if denies(said):
                self._take_back(said)
            if self._refused and not said.endswith("?"):
                self._reasons.append(said)
                self._users = True
                return
        self.close()
        self._task, self._done, self._places = text.strip(), [], [place]
        self._ordered = self._read_order or has_order(text)

    def result(self, text: str) -> None:
        self._read_order = self._read_order or has_order(text)
        self._ordered = self._ordered or self._read_order

    def act(self, act: Act, later: Iterable[Act] = ()) -> None:
        """A call that was answered; ``later``: those after it, until a user speaks."""
        if self._task is None or act.answer is None:
            return
        if act.refused:
            why = "" if has_order(act.answer) else act.why
            self._refused.append(Refusal(act, why, tuple(self._reasons), "environment"))
            self._reasons += [why] if why and len(self._reasons) < _MOST_REASONS else []
            return
        right = act if not self._ordered and _is_example(self._task, self._done, act) else None
        tried = [refusal.act for refusal in self._refused]
        if tried and not takes_the_place(act, tried, later):
            self._beside(right)
        else:
            evidence: set[Evidence] = {"environment"} if any(r.by == "environment" for r in self._refused) else set()
            evidence |= {"user"} if self._users else set()
            self._enter(right, frozenset(evidence))
        self._done.append(act.said[:_SAID_CHARS])
        self._places += [at for at in (act.place, act.answered) if at is not None and at not in self._places[-2:]]

    def close(self) -> None:
        """What was tried in vain to the end warns."""
        if self._refused:
            self._enter(None, frozenset())

    def _enter(self, right: Act | None, evidence: frozenset[Evidence]) -> None:
        assert self._task is not None
        done, refused, reasons = tuple(self._done), tuple(self._refused), tuple(dict.fromkeys(self._reasons))
        before = tuple(self._places)
        self.found.append(Situation(self._task, done, refused, right, reasons, evidence, before))
        self._refused, self._reasons, self._users = [], [], False

    def _beside(self, right: Act | None) -> None:
        """A step that is no try of what was refused: that still waits for its own."""
        assert self._task is not None
        self.found.append(Situation(self._task, tuple(self._done), (), right, (), frozenset(), tuple(self._places)))

    def _take_back(self, said: str) -> None:
        """What was taken last is denied by the user: it counts as refused."""
        if self._refused or not self._done or not self.found:
            return
        last = self.found.pop()
        self._done.pop()
        self._places = list(last.before)
        self._refused, self._reasons = list(last.refused), list(last.reasons)
        if last.right is not None:
            self._refused.append(Refusal(last.right, said, last.reasons, "user"))


def denies(text: str) -> bool:
    """Whether a user's turn begins by saying that something was wrong."""
    return any(opened(text, known)[0] for known in phrases().values())


def _after(act: Act, messages: Sequence[Mapping[str, Any]], acts: Mapping[int, Sequence[Act]]) -> Iterator[Act]:
    """The calls behind an act, until a user speaks."""
    beside = acts[act.place]
    yield from beside[beside.index(act) + 1 :]
    for place in range(act.place + 1, len(messages)):
        if messages[place]["role"] == "user":
            return
        yield from acts.get(place, ())


def _is_example(task: str, done: Iterable[str], act: Act) -> bool:
    said = act.said
    if act.arguments is None or max(len(task), len(said)) > MOST_CHARS or not task:
        return False
    return not PLACEHOLDER.search(" ".join([task, *done, said])) and not is_order(said)


def _judged(one: Situation, judged: tuple[str, Evidence] | None) -> Situation:
    if judged is None or one.right is None:
        return one
    how, by = judged
    return replace(one, evidence=one.evidence | {by} if how == "well" else frozenset())


def _each(feedback: Any) -> list[Any]:
    return feedback if isinstance(feedback, list) else [feedback]
