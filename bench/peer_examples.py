"""A night's examples as the peers take them: the same tokens for SFT, the same words for SDFT's teacher."""

from dataclasses import dataclass
from typing import Any

from transformers import PreTrainedTokenizerBase

from steps.kinds.table import kind_of
from steps.model.chat import answer_tokens, prompt_tokens, question_message
from steps.records import Dream, Experience


@dataclass(frozen=True)
class PeerExample:
    """A question and its answer, with the document that SDFT's teacher reads (none for rehearsal).

    An answer that is not ``complete`` was cut at its limit, and has no end of turn: nobody must learn to stop there.
    """

    question: str
    answer: str
    document: str | None
    complete: bool = True


def peer_examples(dreams: list[Dream], corpus: dict[str, Experience]) -> list[PeerExample]:
    """A night's dreams as examples, each with what the teacher reads in ``corpus``."""
    return [
        PeerExample(
            dream.question,
            dream.answer,
            _context(corpus[dream.experience], dream.sentence) if dream.experience else None,
            dream.verification.get("complete") is not False,
        )
        for dream in dreams
    ]


def _context(experience: Experience, sentence: int | None) -> str:
    return kind_of(experience).context(experience, sentence)


def sft_rows(tokenizer: PreTrainedTokenizerBase, examples: list[PeerExample]) -> list[dict[str, list[int]]]:
    """Token ids and labels of the very sequences that a night trains on.

    What TRL makes of conversational rows differs in two ways: it also trains what the template writes after the end of
    the turn (a line break), and it cannot leave the end of the turn away from an answer that was cut.
    """
    rows = []
    for example in examples:
        prompt = prompt_tokens(tokenizer, example.question)
        answer = answer_tokens(tokenizer, example.answer)[: None if example.complete else -1]
        rows.append({"input_ids": prompt + answer, "labels": [-100] * len(prompt) + answer})
    return rows


def sdft_rows(examples: list[PeerExample]) -> list[dict[str, Any]]:
    """Prompts and what the teacher reads before them, so that it is asked in a night's own words."""
    return [
        {
            "prompt": [{"role": "user", "content": example.question}],
            # Rehearsal has nothing before it, and must be text all the same: TRL refuses None.
            "privileged_context": question_message("", example.document) if example.document is not None else "",
        }
        for example in examples
    ]
