"""Practised cases: what a principle is learned from. A rule in words teaches no behaviour, cases do (docs/log.md).

The traces have some. More come from a ``CaseSource``: of a model that goes on from examples, or, where there is one, of
a world that can tell whether a case is right.
"""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from steps.kinds.trace.acts import Act
from steps.kinds.trace.principles import Principle
from steps.kinds.trace.signature import ASKED, signature
from steps.model.chat_model import ChatModel, Sampling
from steps.orders import is_order
from steps.records import content_id

CASES = 8  # that a principle is practised on, if there are as many
MOST = 12  # of its own cases: more of them teach it no better
_ASKED_TOKENS, _SAID_TOKENS = 60, 80
_DRAWS, _AGREE = 5, 4
_EXAMPLES = 3


@dataclass(frozen=True)
class Case:
    """``asked``: the situation; ``said``: what is right in it; ``origin``: where it comes from."""

    asked: str
    said: str
    origin: str


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
        shown = list(principle.cases())[:_EXAMPLES]
        examples = [(one.situation.asked, one.situation.right.said) for one in shown if one.situation.right]
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
            fault, said = self._answered(principle, head, asked, known={one for one, _ in examples}, seed=seed)
            if fault:
                self.refused[fault] += 1
            else:
                found.append(Case(asked, said, "written"))
        return found

    def _answered(
        self, principle: Principle, head: str, asked: str, *, known: set[str], seed: int
    ) -> tuple[str | None, str]:
        if asked in known or len(asked.split()) < 3:
            return "a case that was there already", ""
        if is_order(asked):
            return "an order in a case", ""
        said = self._complete(f"{head}Request: {asked}\nAction:", _DRAWS, tokens=_SAID_TOKENS, seed=seed)
        answer, votes = Counter(said).most_common(1)[0] if said else ("", 0)
        if votes < _AGREE:
            return "answers to a case that do not agree", ""
        return (None, answer) if _does(principle, answer, asked) else ("a case in which something else is done", "")

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
            yield Case(one.situation.asked, one.situation.right.said, "trace")
    if 0 < count < CASES:
        yield from source.cases(principle, CASES - count)


def _lesson(principle: Principle) -> str:
    why = principle.because.most_common(1)
    return why[0][0] if why else f"what is asked is answered with {principle.says.rpartition(' -> ')[2]}"


def _does(principle: Principle, said: str, asked: str) -> bool:
    """Whether an answer has all that is constant in what the principle does, or is a call that has."""
    if (call := _call(said)) is not None:
        return signature(call, asked) == principle.does
    constants = [mask for _, mask in principle.does[1] if ASKED not in mask and len(mask) > 2]
    return all(mask in said.casefold() for mask in constants)


def _call(said: str) -> Act | None:
    try:
        value = json.loads(said)
    except ValueError:
        return None
    if not isinstance(value, dict) or not isinstance(value.get("arguments"), dict):
        return None
    return Act(str(value.get("name")), value["arguments"], "", 0, None, False)
