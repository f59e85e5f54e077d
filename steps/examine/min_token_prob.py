"""How firmly a model knows what it was taught: knowledge fades before a greedy answer turns wrong.

Right and wrong tell two models apart only where an answer flips. The least probability of a token on the way through a
right reply does for every fact that one of them knows. Here each right reply is rated token by token; which token is
the last that counts is found when the examination is read.
"""

import gc
from collections.abc import Mapping, Sequence
from pathlib import Path

from steps.examine.eval_set import asked_model, predictions
from steps.examine.items import ProbeItem
from steps.examine.predictions import PredictionCache
from steps.examine.replies import ProbeReply, TokenScores
from steps.model.chat import question_chat, token_ends
from steps.records import ModelRole, content_id
from steps.settings import Settings
from steps.workspace import Workspace


def ask_token_scores(
    items: Sequence[ProbeItem],
    replies: Mapping[str, Sequence[str]],
    *,
    who: ModelRole,
    adapter: Path | None,
    base_digest: str,
    settings: Settings,
    workspace: Workspace,
    says: str | None = None,
) -> dict[str, tuple[TokenScores, ...]]:
    """Rate the right ``replies`` to items closed book, token by token; by item, none where no reply was right.

    The least probable token on the way to the answer's end then says how firmly it is known. A whole reply's
    probability falls, too, where each of its words is a little less sure and none is in doubt; an average over its
    tokens hardly notices that a name is lost. Questions without an answer are left out. The rest is as in ``ask_all``.
    """
    probes = [item.probe for item in items if item.probe.answers]
    pairs = [(probe.question, reply) for probe in probes for reply in replies.get(probe.id, ())]
    cache = predictions(adapter, base_digest=base_digest, settings=settings, workspace=workspace)
    todo = cache.unasked({_key(*pair): pair for pair in pairs})
    if todo:
        model = asked_model(adapter, settings)
        rated = model.score(f"right replies, {says or who}", [(question_chat(asked), reply) for asked, reply in todo])
        cache.add(
            {
                _key(asked, reply): {"log_probabilities": values.tolist(), **token_ends(reply, model.tokenizer)}
                for (asked, reply), values in zip(todo, rated, strict=True)
            }
        )
        del model
        gc.collect()
    return {probe.id: tuple(_scores(probe.question, r, cache) for r in replies.get(probe.id, ())) for probe in probes}


def with_scores(rows: Sequence[ProbeReply], scored: Mapping[str, tuple[TokenScores, ...]]) -> list[ProbeReply]:
    """Note the rated replies on the closed-book rows that they belong to."""
    return [
        row.model_copy(update={"scored": scored[row.id]}) if row.condition == "closed" and row.id in scored else row
        for row in rows
    ]


def _scores(question: str, reply: str, cache: PredictionCache) -> TokenScores:
    known = cache[_key(question, reply)]
    return TokenScores(reply=reply, **{name: known[name] for name in ("log_probabilities", "ends", "text")})


def _key(question: str, reply: str) -> str:
    return content_id("rated", question, reply)
