"""One record as other programs write it, as one of ours: what is trained on, tables of questions, texts."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from steps.ingest.chat_parts import with_plain_messages
from steps.ingest.experience.fields import Found
from steps.ingest.experience.sharegpt import of_sharegpt
from steps.ingest.experience.talk import tools_of
from steps.ingest.experience.training import of_alpaca, of_completion, of_messages, of_preference

_QUESTIONS, _ANSWERS = ("question", "frage", "pregunta"), ("answer", "antwort", "réponse", "respuesta", "solution")
_TEXTS = ("text", "content", "body")
# A line of a chat, or an example of a class: what it says is no page's text.
_NO_PAGE = frozenset("user author sender ts role label labels score rating".split())
_HEADING = re.compile(r"\A\s*#{1,6}[ \t]+(\S[^\n]*)")
TITLE_CHARS = 100


def as_ours(value: Mapping[str, Any], *, name: str) -> Found:
    """Return a record that names no kind as one of ours, if it is of a form that is known; else as it is.

    ``name``: what a document without a title is called. Keys that say nothing here stay, so that they are told.
    """
    found = dict(value)
    if "kind" not in found:
        found = next((ours for form in _FORMS if (ours := form(found)) is not None), found)
        found = found if "kind" in found else _text(found, name) or found
    found = with_plain_messages(found)
    if "tools" in found and ("messages" in found or "prompt" in found):
        tools = tools_of(found["tools"])
        found = {**_without(found, "tools"), **({"tools": tools} if tools else {})}
    return found


def _without(value: Mapping[str, Any], *used: str) -> Found:
    return {key: item for key, item in value.items() if key not in used}


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
    of_sharegpt,
    of_preference,
    of_alpaca,
    of_messages,
    of_completion,
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
