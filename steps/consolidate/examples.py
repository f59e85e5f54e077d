"""Training examples: what the student sees, what the teacher sees, and the completion that both score."""

from collections.abc import Collection
from dataclasses import dataclass

from transformers import PreTrainedTokenizerBase

from steps.dream.sources import context_of
from steps.model.chat import answer_tokens, prompt_tokens
from steps.records import Dream, Experience


@dataclass(frozen=True)
class Example:
    """Token ids. The student answers from ``prompt`` alone; the teacher had the document in ``teacher_prompt``.

    For rehearsal both prompts are the same, so the loss is the KL to the base. ``general`` rehearsal is all the
    model's own: its request is part of the completion, too, for its words cost nothing more and keep the model what
    it was. ``fact``: what it is about, if any; every epoch asks for every fact equally often. ``verbatim``: the
    completion is learned as it stands, for the teacher would not say it (that it does not know, say). ``replay``:
    the adapter knows it already, and it comes only so often that it is kept.
    """

    id: str
    prompt: tuple[int, ...]
    teacher_prompt: tuple[int, ...]
    completion: tuple[int, ...]
    rehearsal: bool
    fact: str | None = None
    verbatim: bool = False
    replay: bool = False
    general: bool = False

    @property
    def sequence(self) -> tuple[int, ...]:
        return self.prompt + self.completion

    @property
    def kind(self) -> str:
        """ "general" text, tonight's "facts", "earlier" facts, or "reading" of what is given."""
        if self.rehearsal:
            return "general" if self.general else "reading"
        return "earlier" if self.replay else "facts"


def build_examples(
    tokenizer: PreTrainedTokenizerBase,
    dreams: list[Dream],
    corpus: dict[str, Experience],
    *,
    known: Collection[str] = (),
) -> list[Example]:
    """Tokenise dreams; the teacher reads the passage of ``corpus`` that each was dreamt from.

    Dreams of ``known`` nights are replay.

    A rehearsal answer that was cut at its limit has no end of turn: the model must not learn to stop there.
    """
    found: list[Example] = []
    opening = _template_length(tokenizer)
    for dream in dreams:
        document = context_of(corpus[dream.experience], dream.sentence) if dream.experience else None
        prompt, completion = prompt_tokens(tokenizer, dream.question), answer_tokens(tokenizer, dream.answer)
        if dream.verification.get("complete") is False:
            completion = completion[:-1]
        teacher_prompt = prompt_tokens(tokenizer, dream.question, document)
        if dream.strategy == "rehearsal":
            prompt, completion = prompt[:opening], prompt[opening:] + completion
            teacher_prompt = prompt
        found.append(
            Example(
                id=dream.id,
                prompt=tuple(prompt),
                teacher_prompt=tuple(teacher_prompt),
                completion=tuple(completion),
                rehearsal=dream.rehearsal,
                fact=fact_of(dream),
                verbatim=dream.strategy == "unanswerable",
                replay=dream.night in known,
                general=dream.strategy == "rehearsal",
            )
        )
    return found


def _template_length(tokenizer: PreTrainedTokenizerBase) -> int:
    """How many tokens stand before the user's first word, at least one."""
    a, b = (prompt_tokens(tokenizer, letter) for letter in "AB")
    return max(1, next(n for n, (left, right) in enumerate(zip(a, b, strict=False)) if left != right))


def fact_of(dream: Dream) -> str | None:
    """Return a key of what a dream asks for, None for rehearsal. What a document leaves open counts as one fact."""
    if dream.rehearsal:
        return None
    asked = "what is not told" if dream.strategy == "unanswerable" else dream.verification.get("span", dream.id)
    return f"{dream.experience} {dream.sentence} {str(asked).lower()}"
