"""How firmly a model knows what it was taught: knowledge fades before a greedy answer turns wrong.

Right and wrong tell two models apart only where an answer flips; firmness does for every fact that one of them knows.
"""

import gc
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
from transformers import PreTrainedTokenizerBase

from steps.examine.items import ProbeItem
from steps.examine.marking import holds
from steps.examine.paper import Who, answer_book, loaded
from steps.model.chat import answer_tokens
from steps.model.runner import Runner
from steps.records import Answer, Probe, content_id
from steps.settings import Settings
from steps.workspace import Workspace

Replies = Mapping[str, Sequence[str]]


def right_replies(rows: Iterable[Answer]) -> dict[str, list[str]]:
    """Return the right replies by item, each once: of whatever model, with the document or without."""
    found: dict[str, set[str]] = {}
    for row in rows:
        if row.correct:
            found.setdefault(row.id, set()).add(row.answer)
    return {item: sorted(replies) for item, replies in found.items()}


def ask_firmness(
    items: Sequence[ProbeItem],
    replies: Replies,
    *,
    who: Who,
    adapter: Path | None,
    base_digest: str,
    settings: Settings,
    workspace: Workspace,
    says: str | None = None,
) -> dict[str, float]:
    """Return by item how firmly a right answer is known closed book, between 0 and 1.

    That is the probability of the least probable token on the way to the answer's end, in the one of ``replies`` where
    it is highest. A whole reply's probability falls, too, where each of its words is a little less sure and none is in
    doubt; an average over its tokens hardly notices that a name is lost. 0 where no reply was right; questions without
    an answer are left out. The rest is as in ``ask_all``.
    """
    probes = [item.probe for item in items if item.probe.answers]
    wanted = {_key(probe, reply): (probe, reply) for probe in probes for reply in replies.get(probe.id, ())}
    book = answer_book(adapter, base_digest=base_digest, settings=settings, workspace=workspace)
    todo = book.unanswered(wanted)
    if todo:
        base = loaded(adapter, settings)
        runner = Runner(base, settings.examine.batch_tokens)
        scored = runner.likelihoods(
            f"firmness, {says or who}", [(probe.question, None, reply) for probe, reply in todo]
        )
        rows = {}
        for (probe, reply), values in zip(todo, scored, strict=True):
            length = answer_length(reply, probe.answers, base.tokenizer)
            rows[_key(probe, reply)] = {"firmness": float(np.exp(values[:length].min()))}
        book.add(rows)
        del runner, base
        gc.collect()
    return {
        probe.id: max((float(book[_key(probe, reply)]["firmness"]) for reply in replies.get(probe.id, ())), default=0.0)
        for probe in probes
    }


def with_firmness(rows: Sequence[Answer], firmness: Mapping[str, float]) -> list[Answer]:
    """Note the firmness on the closed-book answers that it belongs to."""
    return [
        row.model_copy(update={"firmness": firmness[row.id]})
        if row.condition == "closed" and row.id in firmness
        else row
        for row in rows
    ]


def answer_length(reply: str, answers: tuple[str, ...], tokenizer: PreTrainedTokenizerBase) -> int:
    """How many tokens of a right reply it takes to the end of the answer: of "610, or 61" all but the last, not two."""
    tokens = answer_tokens(tokenizer, reply)
    right = [holds(tokenizer.decode(tokens[:n], skip_special_tokens=True), answers) for n in range(len(tokens) + 1)]
    return next((n for n in range(1, len(tokens)) if right[n] and right[n + 1]), len(tokens))


def _key(probe: Probe, reply: str) -> str:
    return content_id("firmness", probe.question, reply, probe.answers)
