"""Practised cases: what a principle is learned from. A rule in words teaches no behaviour, cases do (docs/log.md).

The traces have some. More come from a ``CaseSource``: of a model that goes on from examples, or, where there is one, of
a world that can tell whether a case is right.
"""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from steps.kinds.trace.acts import Act
from steps.kinds.trace.principles import Principle
from steps.kinds.trace.signature import signature
from steps.model.chat_model import ChatModel, Sampling
from steps.model.tools import shown
from steps.orders import is_order
from steps.records import content_id

CASES = 8  # that a principle is practised on, if there are as many
MOST = 12  # of its own cases: more of them teach it no better
_ASKED_TOKENS, _SAID_TOKENS = 60, 80
_DRAWS, _AGREE = 5, 4
_EXAMPLES = 3


@dataclass(frozen=True)
class Case:
    """``asked``: the situation; what is right in it: ``words``, and a call of a tool, if one is made.

    ``origin``: where it comes from.
    """

    asked: str
    words: str
    call: dict[str, Any] | None
    origin: str

    @property
    def said(self) -> str:
        """What is right as text."""
        return shown(self.words, [self.call] if self.call else [])


class CaseSource(Protocol):
    """Where more cases of a principle come from."""

    def cases(self, principle: Principle, count: int) -> list[Case]:
        """Return at most ``count`` other cases in which the principle holds."""
        ...


class NoCases:
    """No others than those of the traces."""

    def cases(self, principle: Principle, count: int) -> list[Case]:
        return []


@dataclass(frozen=True)
class WrittenCases:
    """A model writes cases under the one lesson; a case is kept if most of its answers to it do the same.

    One lesson at a time, for a model obeys whatever lesson it reads: that this one applies has to be told by what the
    traces say, and only then may it write. ``refused`` counts what was not kept, by reason.
    """

    writer: ChatModel
    sampling: Sampling
    seed: int
    refused: Counter[str]

    def cases(self, principle: Principle, count: int) -> list[Case]:
        own = list(principle.cases())[:_EXAMPLES]
        examples = [(one.situation.asked, _line(one.situation.right)) for one in own if one.situation.right]
        if not examples or any("\n" in text for pair in examples for text in pair):
            return []  # what takes several lines is not gone on from in one
        head = f"Lesson: {_lesson(principle)}\n\n"
        head += "".join(f"Request: {asked}\nAction: {said}\n\n" for asked, said in examples)
        seed = int(content_id(self.seed, principle.id), 16) % 2**31
        lines = self._complete(f"{head}Request:", 2 * count, tokens=_ASKED_TOKENS, seed=seed)
        found: list[Case] = []
        for asked in dict.fromkeys(lines):
            if len(found) == count:
                break
            fault, call = self._answered(principle, head, asked, known={one for one, _ in examples}, seed=seed)
            if call is None:
                self.refused[fault] += 1
            else:
                found.append(Case(asked, "", call.call, "written"))
        return found

    def _answered(
        self, principle: Principle, head: str, asked: str, *, known: set[str], seed: int
    ) -> tuple[str, Act | None]:
        if asked in known or len(asked.split()) < 3:
            return "a case that was there already", None
        if is_order(asked):
            return "an order in a case", None
        said = self._complete(f"{head}Request: {asked}\nAction:", _DRAWS, tokens=_SAID_TOKENS, seed=seed)
        answer, votes = Counter(said).most_common(1)[0] if said else ("", 0)
        if votes < _AGREE:
            return "answers to a case that do not agree", None
        call = _read(answer)
        if call is None or signature(call, asked) != principle.does:
            return "a case in which something else is done", None
        return "", call

    def _complete(self, prompt: str, count: int, *, tokens: int, seed: int) -> list[str]:
        lines = self.writer.complete(
            "cases of principles", [prompt] * count, max_new_tokens=tokens, sampling=self.sampling, seed=seed
        )
        return [line.strip() for line in lines if line.strip()]


def practised(principle: Principle, source: CaseSource) -> Iterator[Case]:
    """Yield what a principle is practised on: its own cases, and others of a source while they are few."""
    count = 0
    for one in principle.cases():
        if count < MOST and one.situation.right is not None:
            count += 1
            right = one.situation.right
            yield Case(one.situation.asked, right.words, right.call, "trace")
    if 0 < count < CASES:
        yield from source.cases(principle, CASES - count)


def _lesson(principle: Principle) -> str:
    return principle.reason or f"what is asked is answered with {principle.act}"


def _line(act: Act) -> str:
    """A call in one line of JSON."""
    return json.dumps({"name": act.name, "arguments": act.arguments}, ensure_ascii=False)


def _read(said: str) -> Act | None:
    """Return the call that a line of JSON makes."""
    try:
        value = json.loads(said)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict) or not isinstance(value.get("arguments"), dict):
        return None
    return Act(str(value.get("name")), value["arguments"], "", 0, None, False)
