"""Ask one model what was held out of kinds that are no facts: likelihoods in packed rows, and greedy answers."""

from collections.abc import Sequence
from typing import Any

from steps.examine.kinds.suite import Item, KindReply, Role, Turn
from steps.examine.kinds.table import SUITES
from steps.examine.predictions import PredictionCache
from steps.ingest.redact import redact
from steps.model.chat import chat_tokens, turn_tokens
from steps.model.token_model import TokenModel
from steps.records import content_id


def keys_of(items: Sequence[Item]) -> list[str]:
    """What a model is asked for these items."""
    scored = [turn.likelihood_key for turn in _scored(items)]
    return [*scored, *(turn.answer_key for turn in _answered(items))]


def ask_kinds(
    model: TokenModel, items: Sequence[Item], *, cache: PredictionCache, who: str, max_new_tokens: int
) -> None:
    """Note how likely each turn is as the assistant's whole turn, and what is said in its place, redacted."""
    tokenizer = model.tokenizer
    todo: list[Turn] = cache.unasked({turn.likelihood_key: turn for turn in _scored(items)})
    if todo:
        pairs = [
            turn_tokens(tokenizer, turn.messages, turn.completion or "", calls=turn.calls, tools=turn.tools)
            for turn in todo
        ]
        found = model.score_tokens(f"held out, {who}", pairs)
        texts = [str(tokenizer.decode(answer[:-1], skip_special_tokens=True)) for _, answer in pairs]
        cache.add(
            {
                turn.likelihood_key: {"log_probability": float(values.sum()), "tokens": len(values), "text": text}
                for turn, values, text in zip(todo, found, texts, strict=True)
            }
        )
    asked: list[Turn] = cache.unasked({turn.answer_key: turn for turn in _answered(items)})
    if asked:
        prompts = [chat_tokens(tokenizer, turn.messages, tools=list(turn.tools) or None) for turn in asked]
        room: dict[str, int] = {}
        for turn in _answered(items):
            own = max(max_new_tokens, turn.longest, _room_for_call(turn, cache))
            room[turn.answer_key] = max(own, room.get(turn.answer_key, 0))
        limits = [room[turn.answer_key] for turn in asked]
        replies = model.answer_tokens(f"held out, in its own words, {who}", prompts, max_new_tokens=limits)
        said = zip(asked, replies, strict=True)
        cache.add({t.answer_key: {"reply": redact(r.text)[0], "complete": r.complete} for t, r in said})


def kind_replies(who: Role, items: Sequence[Item], cache: PredictionCache) -> list[KindReply]:
    """Return one row for each item."""
    return [KindReply(**_known(item), model=who, **_said(item, cache)) for item in items]


_LONGEST_CALL = 256  # tokens


def _room_for_call(turn: Turn, cache: PredictionCache) -> int:
    """How many tokens an answer needs where a tool is called: a call that is cut off is none."""
    return min(int(cache[turn.likelihood_key]["tokens"]), _LONGEST_CALL) if turn.calls else 0


def _known(item: Item) -> dict[str, Any]:
    return {
        "suite": item.suite,
        "id": item.id,
        "cohort": item.cohort,
        "source": item.source,
        "question": item.question,
        "about": item.about,
        "watched": item.watched,
        "signs": SUITES[item.suite].signs(item),
    }


def _said(item: Item, cache: PredictionCache) -> dict[str, Any]:
    scored = [cache[turn.likelihood_key] for turn in item.turns if turn.completion is not None]
    answered = [cache[turn.answer_key] for turn in item.turns if turn.answered]
    return {
        "log_probabilities": tuple(float(row["log_probability"]) for row in scored),
        "tokens": tuple(int(row["tokens"]) for row in scored),
        "key": _key(item, cache),
        "calls": tuple(bool(turn.calls) for turn in item.turns if turn.answered and turn.completion is not None),
        "replies": tuple(str(row["reply"]) for row in answered),
        "complete": tuple(bool(row["complete"]) for row in answered),
    }


def _key(item: Item, cache: PredictionCache) -> tuple[str, ...]:
    """What the answers are held against: a call of tools as this very model would write it."""
    answered = [turn for turn in item.turns if turn.answered and turn.completion is not None]
    if len(answered) != len(item.key):
        return item.key
    pairs = zip(answered, item.key, strict=True)
    return tuple(str(cache[turn.likelihood_key]["text"]) if turn.calls else key for turn, key in pairs)


def items_digest(items: Sequence[Item]) -> str:
    """Digest of what is asked and of what it is held against."""
    return content_id([(item.suite, item.id, item.cohort, item.key, keys_of([item])) for item in items])


def _scored(items: Sequence[Item]) -> list[Turn]:
    return [turn for item in items for turn in item.turns if turn.completion is not None]


def _answered(items: Sequence[Item]) -> list[Turn]:
    return [turn for item in items for turn in item.turns if turn.answered]
