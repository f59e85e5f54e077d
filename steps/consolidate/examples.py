"""Lessons as token ids: what the student sees, what the teacher sees, and the completion that both score."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Any

from transformers import PreTrainedTokenizerBase

from steps.lesson import Lesson
from steps.model.chat import chat_tokens, prompt_tokens, turn_tokens


@dataclass(frozen=True)
class Example:
    """Token ids. The student answers from ``prompt`` alone; the teacher had the source in ``teacher_prompt``.

    ``objective``: how it is learned. ``whole``: its request is part of the completion, too, for its words cost nothing
    more and keep the model what it was. ``fact``: what it is about, if any; every epoch asks for every fact equally
    often. ``replay``: the adapter knows it already, and it comes only so often that it is kept. ``rejected``: it is
    what the example before it should not have said. ``follows``: it stands in the row of the example before it, of
    which it is the other side, or a later turn. ``of``: the kind of experience that it comes of. ``counts``: as how
    many positions it counts in a row's loss; None: as those that its completion has.
    """

    id: str
    prompt: tuple[int, ...]
    teacher_prompt: tuple[int, ...]
    completion: tuple[int, ...]
    rehearsal: bool = False
    objective: str = "distill"
    fact: str | None = None
    replay: bool = False
    whole: bool = False
    rejected: bool = False
    follows: bool = False
    of: str = "document"
    counts: float | None = None

    @property
    def sequence(self) -> tuple[int, ...]:
        return self.prompt + self.completion

    @property
    def kind(self) -> str:
        """ "general" text, tonight's "facts", "earlier" facts, or "reading" of what is given."""
        if self.rehearsal:
            return "general" if self.whole else "reading"
        return "earlier" if self.replay else "facts"


def build_examples(
    tokenizer: PreTrainedTokenizerBase, lessons: Iterable[Lesson], *, known: Collection[str] = ()
) -> list[Example]:
    """Tokenise lessons; those of ``known`` nights are replay. A preference becomes two examples, the rejected last."""
    found: list[Example] = []
    opening, talk = _template_length(tokenizer), None
    for lesson in lessons:
        asked: dict[str, Any] = {"chat": lesson.messages, "tools": lesson.tools}
        prompt, completion = turn_tokens(tokenizer, **asked, said=lesson.completion, calls=lesson.calls)
        if not lesson.complete:
            completion = completion[:-1]  # without the end of turn
        teacher_prompt = prompt if lesson.informed is None else chat_tokens(tokenizer, lesson.informed)
        if lesson.whole:
            prompt, completion = prompt[:opening], prompt[opening:] + completion
            teacher_prompt = prompt
        example = Example(
            id=lesson.id,
            prompt=tuple(prompt),
            teacher_prompt=tuple(teacher_prompt),
            completion=tuple(completion),
            rehearsal=lesson.rehearsal,
            objective=lesson.objective,
            fact=lesson.fact or (None if lesson.rehearsal else lesson.id),
            replay=lesson.night in known,
            whole=lesson.whole,
            follows=lesson.talk is not None and (lesson.talk, lesson.night) == talk,
            of=lesson.kind,
        )
        talk = (lesson.talk, lesson.night)
        found.append(example)
        if lesson.rejected is not None:
            other = turn_tokens(tokenizer, **asked, said=lesson.rejected, calls=lesson.rejected_calls)[1]
            found.append(replace(example, completion=tuple(other), rejected=True, follows=True))
    return found


def _template_length(tokenizer: PreTrainedTokenizerBase) -> int:
    """How many tokens stand before the user's first word, at least one."""
    a, b = (prompt_tokens(tokenizer, letter) for letter in "AB")
    return max(1, next(n for n, (left, right) in enumerate(zip(a, b, strict=False)) if left != right))
