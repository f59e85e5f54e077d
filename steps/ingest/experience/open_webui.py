"""Chats and feedback that Open WebUI exports.

A chat is a tree: what is shown is the way from ``currentId`` up. An answer beside it that was rated is a talk of its
own, and of two answers to one question that were rated differently the better one is preferred.
"""

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

from steps.ingest.chat_parts import plain
from steps.ingest.experience.family import Made
from steps.ingest.experience.fields import Found, a_text, an_object, between, by_key, first_text, inside, told, when
from steps.ingest.experience.talk import talk
from steps.kinds.entry import RecordRejected
from steps.kinds.rating import rating

_DETAILS, _DETAILS_END = re.compile(r'<details type="(?:reasoning|tool_calls|code_interpreter)"[^<>]*>'), "</details>"
_BEFORE = 20  # messages before an answer that is not shown: chats have as many answers as they are long


def is_chat(value: Found) -> bool:
    """Whether a record is a chat."""
    return isinstance(inside(value, "chat", "history", "messages"), Mapping)


def is_feedback(value: Found) -> bool:
    """Whether a record is feedback with the chat that it is about."""
    return isinstance(value.get("snapshot"), Mapping) and isinstance(value.get("meta"), Mapping) and "data" in value


def read_feedback(value: Found) -> Iterator[Made]:
    """Make of feedback what its chat is made into, with the feedback on its message."""
    chat, at = an_object(inside(value, "snapshot", "chat")), a_text(inside(value, "meta", "message_id"))
    if not is_chat(chat):
        raise RecordRejected("no_messages", "it is feedback without its chat: export it with snapshots")
    said = inside(chat, "chat", "history", "messages")
    if isinstance(said.get(at), Mapping):
        said[at] = {**said[at], "annotation": {**an_object(value.get("data"))}}
    yield from read_chat({"user_id": value.get("user_id"), **chat})


def read_chat(value: Found) -> Iterator[Made]:
    """Make a talk of what is shown of a chat, one of each rated answer beside it, and preferences."""
    chat = an_object(value["chat"])
    history = an_object(chat["history"])
    nodes = {str(key): dict(node) for key, node in an_object(history["messages"]).items() if isinstance(node, Mapping)}
    shown = _way(nodes, a_text(history.get("currentId")) or next(reversed(nodes), ""))
    about = told(
        title=first_text(value.get("title"), chat.get("title")),
        user=a_text(value.get("user_id")),
        session=first_text(value.get("id"), chat.get("id")),
        created_at=when(value.get("created_at"), chat.get("timestamp")),
    )
    yield _talk([nodes[key] for key in shown], system=inside(chat, "params", "system"), **about)
    rated = {key: node for key, node in nodes.items() if rating(node.get("annotation")) is not None or _comment(node)}
    for number, key in enumerate(sorted(rated.keys() - set(shown)), start=1):
        named = {"title": f"{about['title']} (another answer, {number})"} if "title" in about else {}
        yield _talk([nodes[one] for one in _way(nodes, key, most=_BEFORE)], **{**about, **named})
    siblings = by_key((a_text(node.get("parentId")), key) for key, node in rated.items() if _is_answer(node))
    for asked, answers in siblings.items():
        yield from _preferences(nodes, asked, answers, about)


def _way(nodes: Mapping[str, Found], last: str, *, most: float = math.inf) -> list[str]:
    """The keys from the first message to one, by their parents, the last ``most`` of them; a circle is cut."""
    way: dict[str, None] = {}
    at: str | None = last
    while at is not None and at in nodes and at not in way and len(way) < most:
        way[at] = None
        at = a_text(nodes[at].get("parentId"))
    return [*reversed(way)]


def _talk(nodes: list[Found], *, system: Any = None, **about: Any) -> Found:
    messages: list[Found] = [{"role": "system", "content": system}] if a_text(system) else []
    feedback = []
    for node in nodes:
        said = _said(node)
        if said and (remark := _remark(node)):
            feedback.append({"message": len(messages) + len(said) - 1, **remark})
        messages += said
    return talk(messages, feedback=feedback, **about)


def _said(node: Mapping[str, Any]) -> list[Found]:
    content = node.get("content")
    if isinstance(content, str) and node.get("role") == "assistant":
        content = between(content, _DETAILS, _DETAILS_END)[1].strip()
    if not content or not isinstance(node.get("role"), str):
        return []
    return plain({"role": node["role"], "content": content})


def _is_answer(node: Mapping[str, Any]) -> bool:
    return node.get("role") == "assistant" and bool(_said(node))


def _comment(node: Mapping[str, Any]) -> str | None:
    return a_text(inside(node.get("annotation"), "comment"))


def _remark(node: Mapping[str, Any]) -> Found:
    said = an_object(node.get("annotation"))
    reason = a_text(said.get("reason"))
    return told(rating=rating(node.get("annotation")), comment=_comment(node), reason=reason) if said else {}


def _preferences(nodes: Mapping[str, Found], asked: str | None, answers: list[str], about: Found) -> Iterator[Made]:
    """Of the answers to one question the best beside each one that was rated lower."""
    rated = [(mark, key) for key in answers if (mark := rating(nodes[key].get("annotation"))) is not None]
    if asked is None or asked not in nodes or len(rated) < 2:
        return
    best, chosen = max(rated, key=lambda one: one[0])
    prompt = [said for key in _way(nodes, asked, most=_BEFORE) for said in _said(nodes[key])]
    for mark, key in rated:
        if mark < best and prompt:
            sides = {"chosen": _said(nodes[chosen]), "rejected": _said(nodes[key])}
            yield {"kind": "preference", "prompt": prompt, **sides, **about}
