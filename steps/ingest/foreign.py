"""Records as other programs write them, as ours: ShareGPT, Alpaca, OpenAI, Anthropic, TRL, tables of questions."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from steps.ingest.chat_parts import with_plain_messages

_SPEAKERS = {
    "human": "user",
    "user": "user",
    "gpt": "assistant",
    "assistant": "assistant",
    "model": "assistant",
    "chatgpt": "assistant",
    "bot": "assistant",
    "system": "system",
    "tool": "tool",
    "function": "tool",
    "observation": "tool",
    "function_response": "tool",
    "tool_response": "tool",
}
_CALLS = ("function_call", "tool_call")
_TURNS = ("conversations", "conversation", "items")
_QUESTIONS, _ANSWERS = ("question", "frage", "pregunta"), ("answer", "antwort", "réponse", "respuesta", "solution")
_TEXTS = ("text", "content", "body")
# A line of a chat, or an example of a class: what it says is no page's text.
_NO_PAGE = frozenset("user author sender ts role label labels score rating".split())
_HEADING = re.compile(r"\A\s*#{1,6}[ \t]+(\S[^\n]*)")
_HH = "\n\nAssistant:"  # Anthropic's preferences of 2022: whole talks as one text
TITLE_CHARS = 100

Found = dict[str, Any]


def as_ours(value: Mapping[str, Any], *, name: str) -> Found:
    """Return a record that names no kind as one of ours, if it is of a form that is known; else as it is.

    ``name``: what a document without a title is called. Keys that say nothing here stay, so that they are told.
    """
    found = dict(value)
    if "kind" not in found:
        found = next((ours for form in _FORMS if (ours := form(found)) is not None), found)
        found = found if "kind" in found else _text(found, name) or found
    return with_plain_messages(found)


def _without(value: Mapping[str, Any], *used: str) -> Found:
    return {key: item for key, item in value.items() if key not in used}


def _pair(asked: Any, said: Any) -> list[Found]:
    return [{"role": "user", "content": asked}, {"role": "assistant", "content": said}]


def _as_list(said: Any) -> list[Any]:
    return [said] if isinstance(said, Mapping) else said if isinstance(said, list) else []


def _sharegpt(found: Found) -> Found | None:
    key = next((key for key in _TURNS if _is_turns(found.get(key))), None)
    if key is None:
        return None
    turns = [_turn(turn) for turn in found[key]]
    better, worse = _as_list(found.get("chosen")), _as_list(found.get("rejected"))
    if better and worse:
        answers = {"chosen": [*map(_turn, better)], "rejected": [*map(_turn, worse)]}
        return {**_without(found, key), "kind": "preference", "prompt": turns, **answers}
    judged = {"feedback": found["kto_tag"]} if isinstance(found.get("kto_tag"), bool) else {}
    return {**_without(found, key, "kto_tag"), "kind": "conversation", "messages": turns, **judged}


def _is_turns(turns: Any) -> bool:
    return (
        isinstance(turns, list)
        and bool(turns)
        and all(isinstance(turn, Mapping) and ("from" in turn or "role" in turn) for turn in turns)
    )


def _turn(turn: Any) -> Any:
    if not isinstance(turn, Mapping):
        return turn
    speaker = str(turn.get("from", turn.get("role", ""))).lower()
    content = turn.get("value", turn.get("content"))
    if speaker in _CALLS and isinstance(content, str):
        try:
            calls = json.loads(content)
        except ValueError:
            return {"role": "assistant", "content": content}
        calls = calls if isinstance(calls, list) else [calls]
        return {"role": "assistant", "tool_calls": [{"type": "function", "function": call} for call in calls]}
    kept = {key: turn[key] for key in ("tool_calls", "tool_call_id", "name") if turn.get(key)}
    return {"role": _SPEAKERS.get(speaker, speaker), "content": content, **kept}


def _preference(found: Found) -> Found | None:
    """TRL: with a prompt of its own, or with one that both answers begin with. OpenAI: under names of its own."""
    if isinstance(found.get("input"), Mapping) and "preferred_output" in found and "non_preferred_output" in found:
        answers = {"chosen": found["preferred_output"], "rejected": found["non_preferred_output"]}
        rest = _without(found, "input", "preferred_output", "non_preferred_output")
        return {**rest, "kind": "preference", "prompt": found["input"].get("messages"), **answers}
    if "chosen" not in found or "rejected" not in found:
        return None
    chosen, rejected = found["chosen"], found["rejected"]
    ours: Found = {**found, "kind": "preference"}
    if isinstance(chosen, list) and isinstance(rejected, list):
        shared = 0
        while shared < min(len(chosen), len(rejected)) - 1 and chosen[shared] == rejected[shared]:
            shared += 1
        if shared:  # a prompt that stands beside it says the same in other words
            ours |= {"prompt": chosen[:shared], "chosen": chosen[shared:], "rejected": rejected[shared:]}
    elif "prompt" not in found and isinstance(chosen, str) and isinstance(rejected, str):
        prompt, sign, better = chosen.rpartition(_HH)
        other, _, worse = rejected.rpartition(_HH)
        if sign and prompt == other:
            ours |= {"prompt": prompt.strip(), "chosen": better.strip(), "rejected": worse.strip()}
    return ours


def _alpaca(found: Found) -> Found | None:
    """Alpaca, and Dolly, which calls them context and response."""
    said = found.get("output", found.get("response"))
    if not isinstance(found.get("instruction"), str) or not isinstance(said, str):
        return None
    asked = "\n\n".join(filter(None, (found["instruction"], str(found.get("input") or found.get("context") or ""))))
    earlier = [pair for pair in found.get("history") or [] if isinstance(pair, list) and len(pair) == 2]
    messages = [message for pair in earlier for message in _pair(*pair)] + _pair(asked, said)
    used = ("instruction", "input", "context", "output", "response", "history")
    return {**_without(found, *used), "kind": "demonstration", "messages": messages}


def _log(found: Found) -> Found | None:
    """A request to a model with its answer, as a log keeps it: a talk, and nobody said that it was good."""
    request, response = found.get("request"), found.get("response")
    if not isinstance(request, Mapping) or not isinstance(response, Mapping) or "messages" not in request:
        return None
    choices = response.get("choices")
    said = choices[0].get("message") if isinstance(choices, list) and choices else response
    if not isinstance(request["messages"], list) or not isinstance(said, Mapping) or "role" not in said:
        return None
    when = {"created_at": response["created"]} if "created" in response else {}
    messages = [*request["messages"], {key: said[key] for key in ("role", "content", "tool_calls") if key in said}]
    system = {"system": request["system"]} if "system" in request else {}
    return {**_without(found, "request", "response"), **when, **system, "kind": "conversation", "messages": messages}


def _messages(found: Found) -> Found | None:
    """OpenAI's and Anthropic's. Where some answers are marked as not to be learned, it demonstrates nothing."""
    messages = found.get("messages")
    if not isinstance(messages, list):
        return None
    left = any(isinstance(message, Mapping) and message.get("weight") == 0 for message in messages)
    return {**found, "kind": "conversation" if left else "demonstration"}


def _completion(found: Found) -> Found | None:
    """TRL's prompt and completion, as texts or as messages; with a label they are judged, not demonstrated."""
    asked = found.get("prompt")
    said = found.get("completion", found.get("response"))
    texts = isinstance(asked, str) and isinstance(said, str)
    if not texts and not (isinstance(asked, list) and isinstance(said, list)):
        return None
    messages = _pair(asked, said) if texts else [*_as_list(asked), *_as_list(said)]
    ours = {**_without(found, "prompt", "completion", "response", "label"), "messages": messages}
    if isinstance(found.get("label"), bool):
        return {**ours, "kind": "conversation", "feedback": found["label"]}
    return {**ours, "kind": "demonstration"}


def _question(found: Found) -> Found | None:
    names = {str(key).strip().lower(): key for key in found}
    asked = next((names[key] for key in _QUESTIONS if isinstance(found.get(names.get(key, "")), str)), None)
    said = next((names[key] for key in _ANSWERS if isinstance(found.get(names.get(key, "")), str)), None)
    if asked is None or said is None or not found[asked].strip() or not found[said].strip():
        return None
    question = f"{found[asked].strip().rstrip('?？')}?"
    title = found.get(names.get("title", "")) or _cut(question)
    text = f"**{question}** {found[said].strip()}"
    return {**_without(found, asked, said, names.get("title", "")), "kind": "document", "title": title, "text": text}


_FORMS: tuple[Callable[[Found], Found | None], ...] = (
    _sharegpt,
    _preference,
    _alpaca,
    _log,
    _messages,
    _completion,
    _question,
)


def _text(found: Found, name: str) -> Found | None:
    """A page with a title, or a text alone, as collections of texts have them."""
    names = {str(key).strip().lower(): key for key in found}
    key = next((names[key] for key in _TEXTS if isinstance(found.get(names.get(key, "")), str)), None)
    title = found.get(names.get("title", ""))
    if key is None or not found[key].strip() or not (isinstance(title, str) or key == "text"):
        return None
    if not isinstance(title, str) and _NO_PAGE & names.keys():
        return None
    heading = _HEADING.match(found[key])
    called = title if isinstance(title, str) else heading[1] if heading else _cut(found[key].strip().split("\n")[0])
    return {
        **_without(found, key, names.get("title", "")),
        "kind": "document",
        "title": called or name,
        "text": found[key],
    }


def _cut(line: str) -> str:
    return line if len(line) <= TITLE_CHARS else f"{line[:TITLE_CHARS].rsplit(' ', 1)[0]}…"
