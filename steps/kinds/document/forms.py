"""Questions about what is no prose: given answers, rows by key and head, terms, lists under their headings.

A form never takes a text apart: the answer says all that its meaning hangs on. Templates are data, by language
(``forms.yaml``).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from steps.ingest.redact import PLACEHOLDER
from steps.kinds.document.blocks import Block, opening_of
from steps.sentences import inside

FORMED = ("answer", "row", "term", "item")
LONGEST = 240  # characters of a question that a person would read
_LISTED = 14
_DEFAULT = re.compile(r"\[default:? (?P<value>[^\]]{1,60})\]|\(default:? (?P<other>[^)]{1,60})\)", re.IGNORECASE)


@dataclass(frozen=True)
class Form:
    """One fact of a block, asked in some wordings and answered in one statement. ``span``: what is asked for."""

    questions: tuple[str, ...]
    statement: str
    span: str


@cache
def _templates() -> dict[str, dict[str, Any]]:
    return yaml.safe_load((Path(__file__).parent / "forms.yaml").read_text(encoding="utf-8"))


def language_of(text: str) -> str:
    """Return the language of a text, of those that there are templates for, by its small words; English if none."""
    found = re.findall(r"[^\W\d_]+", text.lower())
    counts = {code: sum(word in set(known["words"].split()) for word in found) for code, known in _templates().items()}
    return max(counts, key=lambda code: (counts[code], code == "en"))


def forms(title: str, block: Block, *, language: str = "en") -> list[Form]:
    """Return what a block that is no prose can be asked, unchecked."""
    found = _forms(title, block, _templates()[language])
    return [form for form in found if form.questions and not PLACEHOLDER.search(form.statement)]


def list_forms(title: str, blocks: list[Block], *, language: str = "en") -> Iterator[tuple[Block, Form]]:
    """Yield for each list under one heading the question what it holds, with its first item."""
    lists: dict[tuple[str, ...], list[Block]] = {}
    for block in blocks:
        if block.kind == "item" and block.hangs_on:
            lists.setdefault(block.hangs_on, []).append(block)
    for hangs_on, items in lists.items():
        if 1 < len(items) <= _LISTED and all(len(item.text) < 120 for item in items):
            told = "; ".join(item.text.rstrip(" .;,") for item in items)
            known = {"title": inside(title), "section": _section(hangs_on), "list": told}
            form = _filled(_templates()[language]["list"], known, span=told)
            if form.questions and not PLACEHOLDER.search(form.statement):
                yield items[0], form


def _forms(title: str, block: Block, known: dict[str, Any]) -> list[Form]:
    subject, section = inside(title), block.path[-1] if block.path else ""
    where = (known["in"] if section else known["in_title"]).format(title=subject, section=section)
    told = {
        "title": subject,
        "section": section or title,
        "in": where,
        "where": _capital(where),
        "Where": _capital(where),
    }
    if block.kind == "answer":
        question = block.question if block.question.isupper() else _lowered(block.question)
        ways = [text.format(**told, question=question) for text in known["answer"]]
        return [Form(_short(ways), f"{block.question} {block.text}", block.text)]
    if block.kind == "term":
        text, default = block.text.rstrip(" ."), _DEFAULT.search(block.text)
        found = [_filled(known["term"], {**told, "term": block.question, "text": text}, span=text)]
        if default:
            cell = default["value"] or default["other"]
            found.append(_filled(known["default"], {**told, "term": block.question, "cell": cell}, span=cell))
        return found
    if block.kind == "row":
        return _of_row(block, told, known)
    if block.kind == "item" and block.hangs_on and len(block.text) < 140:
        item = block.text.rstrip(" .")
        return [_filled(known["item"], {**told, "section": _section(block.hangs_on), "item": item}, span=item)]
    return []


def _of_row(block: Block, told: dict[str, str], known: dict[str, Any]) -> list[Form]:
    if len(block.cells) == 1:
        ((key, cell),) = block.cells
        return [_filled(known["value"], {**told, "key": key, "cell": cell}, span=cell)] if key else []
    head, key = block.cells[0]
    return [
        _filled(known["row"], {**told, "head": head, "key": key, "column": column, "cell": cell}, span=cell)
        for column, cell in block.cells[1:]
        if column
    ]


def _filled(template: dict[str, Any], known: dict[str, str], *, span: str) -> Form:
    questions = [text.format(**known) for text in template["ask"]]
    return Form(_short(questions), re.sub(r"([.!?])\.$", r"\1", template["say"].format(**known)), span)


def _short(questions: list[str]) -> tuple[str, ...]:
    return tuple(" ".join(q.split()) for q in questions if len(q) <= LONGEST)


def _section(hangs_on: tuple[str, ...]) -> str:
    return ": ".join(filter(None, map(opening_of, hangs_on)))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _lowered(question: str) -> str:
    return question if re.match(r"[A-ZÀ-Þ]\S*\s[A-ZÀ-Þ]", question) else question[:1].lower() + question[1:]
