"""Training examples: what the student sees, what the teacher sees, and the completion that both score."""

from dataclasses import dataclass

from transformers import PreTrainedTokenizerBase

from steps.dream.sources import context_of
from steps.model.chat import answer_tokens, prompt_tokens
from steps.records import Dream, Experience

EVERY_EPOCH = ("question", "reverse")


@dataclass(frozen=True)
class Example:
    """Token ids. The student answers from ``prompt`` alone; the teacher had the document in ``teacher_prompt``.

    For rehearsal both prompts are the same, so the loss is the KL to the base. Questions carry most of what is learned
    and come in every epoch; drills and rehearsal take turns (``mix_share``). ``verbatim``: the completion is learned as
    it stands, for the teacher would not say it (that it does not know, say).
    """

    id: str
    prompt: tuple[int, ...]
    teacher_prompt: tuple[int, ...]
    completion: tuple[int, ...]
    rehearsal: bool
    every_epoch: bool
    verbatim: bool = False

    @property
    def sequence(self) -> tuple[int, ...]:
        return self.prompt + self.completion


def build_examples(
    tokenizer: PreTrainedTokenizerBase, dreams: list[Dream], corpus: dict[str, Experience]
) -> list[Example]:
    """Tokenise dreams; the teacher reads the passage of ``corpus`` that each was dreamt from.

    A rehearsal answer that was cut at its limit has no end of turn: the model must not learn to stop there.
    """
    found = []
    for dream in dreams:
        document = context_of(corpus[dream.experience], dream.sentence) if dream.experience else None
        completion = answer_tokens(tokenizer, dream.answer)
        if dream.verification.get("complete") is False:
            completion = completion[:-1]
        found.append(
            Example(
                id=dream.id,
                prompt=tuple(prompt_tokens(tokenizer, dream.question)),
                teacher_prompt=tuple(prompt_tokens(tokenizer, dream.question, document)),
                completion=tuple(completion),
                rehearsal=dream.rehearsal,
                every_epoch=dream.strategy in EVERY_EPOCH,
                verbatim=dream.strategy == "unanswerable",
            )
        )
    return found
