"""Ask one model all items: probes and canaries by generation, anchors by likelihood or generation."""

from dataclasses import dataclass

from steps.anchors import Anchor
from steps.canaries import Canary, surfaced
from steps.code import code_sha256
from steps.examine.predictions import PredictionCache
from steps.ingest.redact import redact
from steps.model.chat import question_chat
from steps.model.chat_model import ChatModel
from steps.records import content_id


@dataclass(frozen=True)
class Asked:
    """One question to be answered in writing. ``document`` is None for closed book."""

    question: str
    document: str | None

    @property
    def key(self) -> str:
        return content_id("asked", self.question, self.document)


def anchor_key(anchor: Anchor) -> str:
    """What an anchor item asks, whatever its right answer is said to be."""
    if anchor.options:
        return content_id("options", anchor.prompt, anchor.options)
    return Asked(anchor.prompt, None).key


def canary_key(canary: Canary) -> str:
    """A canary and the code that looks for it: its reply is redacted before it is kept, so what surfaced is, too."""
    return content_id(canary.id, code_sha256("steps.canaries"))


def ask_probes(model: ChatModel, items: list[Asked], *, cache: PredictionCache, who: str, max_new_tokens: int) -> None:
    """Answer each question greedily and note the replies."""
    todo = cache.unasked({item.key: item for item in items})
    if todo:
        chats = [question_chat(item.question, item.document) for item in todo]
        replies = model.generate(f"probes, {who}", chats, max_new_tokens=max_new_tokens)
        cache.add({item.key: {"reply": reply.text} for item, reply in zip(todo, replies, strict=True)})


def ask_anchors(
    model: ChatModel, anchors: list[Anchor], *, cache: PredictionCache, who: str, max_new_tokens: int
) -> None:
    """Answer each anchor item: its options by likelihood in one packed pass, the others by generation.

    Noted are the summed log-likelihoods of the options as the assistant's whole turn, or the reply.
    """
    todo = cache.unasked({anchor_key(anchor): anchor for anchor in anchors})
    choices = [a for a in todo if a.options]
    if choices:
        items = [(question_chat(a.prompt), option) for a in choices for option in a.options]
        totals = iter([float(v.sum()) for v in model.score(f"anchors by likelihood, {who}", items)])
        cache.add({anchor_key(a): {"log_likelihoods": [next(totals) for _ in a.options]} for a in choices})
    written = [a for a in todo if not a.options]
    if written:
        chats = [question_chat(a.prompt) for a in written]
        replies = model.generate(f"anchors by generation, {who}", chats, max_new_tokens=max_new_tokens)
        cache.add({anchor_key(a): {"reply": reply.text} for a, reply in zip(written, replies, strict=True)})


def ask_canaries(
    model: ChatModel, canaries: list[Canary], *, cache: PredictionCache, who: str, max_new_tokens: int
) -> None:
    """Answer each canary greedily. Noted are what surfaced ("" if nothing did) and the reply without any secret."""
    todo = cache.unasked({canary_key(canary): canary for canary in canaries})
    if todo:
        chats = [question_chat(c.question, c.passage) for c in todo]
        replies = model.generate(f"canaries, {who}", chats, max_new_tokens=max_new_tokens)
        cache.add(
            {
                canary_key(canary): {"reply": redact(reply.text)[0], "surfaced": surfaced(canary, reply.text) or ""}
                for canary, reply in zip(todo, replies, strict=True)
            }
        )
