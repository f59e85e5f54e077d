"""Questions about what is no prose: given answers, rows by key and head, terms, lists under their headings.

A form never takes a text apart: the answer says all that its meaning hangs on. Templates are data, by language
(``forms.yaml``).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from steps.ingest.redact import PLACEHOLDER
from steps.kinds.chatter import UNASKED, chatter
from steps.kinds.document.blocks import Block, opening_of
from steps.kinds.document.languages import templates
from steps.kinds.document.shapes import shape_of
from steps.kinds.document.values import asked_in_place, capital
from steps.sentences import inside

FORMED = ("answer", "row", "term", "item")
LONGEST = 240  # characters of a question that a person would read
_LISTED = 14
# An item that says something of its own is asked in its place, and a question is not asked about.
_SAYS = re.compile(
    r"\?|\b(?:is|are|was|were|has|have|had|can|may|must|will|we|you|ist|sind|hat|kann|darf|muss|est|sont|peut|doit|son|puede|debe)\b",
    re.IGNORECASE,
)
# What is said where there is nothing to say, and headings under which nothing belongs together.
_NOTHING = re.compile(
    r"(?:nothing|none|n/a|tbd|to be (?:done|decided)|coming soon|keine?|nichts|rien|aucun|nada|ningun)\b", re.IGNORECASE
)
_SUNDRY = re.compile(
    r"(?:miscellaneous|misc|other|any other business|aob|parking lot|unreleased|tips?|notes?|verschiedenes|sonstiges"
    r"|hinweise?|divers|varios|otros)\b",
    re.IGNORECASE,
)
_LONG_ITEM = 100
_OF_A_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_DEFAULT = re.compile(r"\[default:? (?P<value>[^\]]{1,60})\]|\(default:? (?P<other>[^)]{1,60})\)", re.IGNORECASE)


@dataclass(frozen=True)
class Form:
    """One fact of a block, asked in some wordings and answered in one statement. ``span``: what is asked for."""

    questions: tuple[str, ...]
    statement: str
    span: str


def forms(title: str, block: Block, *, language: str = "en") -> list[Form]:
    """Return what a block that is no prose can be asked, unchecked."""
    found = _forms(title, block, templates()[language])
    return [form for form in found if form.questions and not PLACEHOLDER.search(form.statement)]


def list_forms(title: str, blocks: list[Block], *, language: str = "en") -> Iterator[tuple[Block, Form]]:
    """Yield for each list under one heading the question what it holds, with its first item."""
    lists: dict[tuple[tuple[str, ...], tuple[str, ...]], list[Block]] = {}
    for block in blocks:
        if block.kind == "item" and block.hangs_on:
            lists.setdefault((block.path, block.hangs_on), []).append(block)
    for (path, hangs_on), items in lists.items():
        items = [item for item in items if "?" not in item.text and not _NOTHING.match(item.text)]
        alone = len(items) == 1 and _SAYS.search(items[0].text)  # it is asked in its place
        listed = items and not alone and not _SUNDRY.match(hangs_on[-1])
        if listed and len(items) <= _LISTED and all(len(item.text) < _LONG_ITEM + 20 for item in items):
            told = "; ".join([*(item.text.rstrip(" .;,") for item in items), *_nested(path, hangs_on, lists)])
            known = {"title": inside(title), "section": section_of(hangs_on), "list": told}
            form = filled(templates()[language]["list"], known, span=told)
            if form.questions and not PLACEHOLDER.search(form.statement):
                yield items[0], form


def step_forms(title: str, blocks: list[Block], *, language: str = "en") -> Iterator[tuple[Block, Form]]:
    """Yield for each step of a procedure the question what comes after the one before it."""
    lists: dict[tuple[tuple[str, ...], ...], list[Block]] = {}
    for block in blocks:
        if shape_of(block) == "steps":
            lists.setdefault((block.path, block.under), []).append(block)
    for steps in lists.values():
        for before, after in pairwise(steps):
            first, second = _item(before), _item(after)
            if len(first) < _LONG_ITEM and first.casefold() != second.casefold():
                known = place_of(title, section_of(after.hangs_on), templates()[language])
                told = {**known, "before": first, "item": second}
                form = filled(templates()[language]["next"], told, span=second)
                if form.questions and not PLACEHOLDER.search(form.statement):
                    yield after, form


def _nested(
    path: tuple[str, ...], hangs_on: tuple[str, ...], lists: dict[tuple[tuple[str, ...], tuple[str, ...]], list[Block]]
) -> Iterator[str]:
    """The lists in a list whose line is no item of it ("for water: a bottle, a probe"): without them it lacks some."""
    own = {item.text for item in lists[path, hangs_on]}
    for (at, under), items in lists.items():
        if at == path and len(under) > 1 and under[:-1] == hangs_on and under[-1] not in own:
            yield f"{opening_of(under[-1])}: {', '.join(item.text.rstrip(' .;,') for item in items)}"


def heading_forms(title: str, blocks: list[Block], *, language: str = "en") -> Iterator[tuple[Block, Form]]:
    """Yield for each heading with a day in it ("2.4.0 - 2026-09-28") the question for that day."""
    seen: set[str] = set()
    for block in blocks:
        for heading in block.path:
            if heading in seen or not _OF_A_YEAR.search(heading) or len(heading) > 80:
                continue
            seen.add(heading)
            for one in asked_in_place(heading, language):
                if _OF_A_YEAR.search(one.value) and not one.value.isdigit():  # "Prices 2026" has no other year
                    place = inside(title)
                    ways = asked_at(place, one.question, templates()[language])
                    yield block, Form(short(ways), f"{place}: {heading}.", one.value)


def _forms(title: str, block: Block, known: dict[str, Any]) -> list[Form]:
    told = place_of(title, section_of(block.heading), known)
    if block.kind == "answer" and block.question == title:  # of a record that is one question
        return [Form((block.question,), f"{block.question} {block.text}", block.text)]
    if block.kind == "answer" and _is_opinion(block.text):
        return []
    if block.kind == "answer":
        question = block.question if block.question.isupper() else _lowered(block.question)
        ways = [text.format(**told, question=question) for text in known["answer"]]
        return [Form(short(ways), f"{block.question} {block.text}", block.text)]
    if block.kind == "term":
        text, default = block.text.rstrip(" ."), _DEFAULT.search(block.text)
        found = [filled(known["term"], {**told, "term": block.question, "text": text}, span=text)]
        if default:
            cell = default["value"] or default["other"]
            found.append(filled(known["default"], {**told, "term": block.question, "cell": cell}, span=cell))
        return found
    if block.kind == "row" and len(block.cells) == 1 and "://" not in block.cells[0][1]:
        ((key, cell),) = block.cells
        return [filled(known["value"], {**told, "key": key, "cell": cell}, span=cell)] if key else []
    if block.kind == "item" and block.hangs_on:
        return _of_item(block, told, known)
    return []


def _of_item(block: Block, told: dict[str, str], known: dict[str, Any]) -> list[Form]:
    item = _item(block)
    asked = {**told, "section": section_of(block.hangs_on), "item": item}
    if len(item) >= _LONG_ITEM or len(item.split()) < 2 or "?" in item or _NOTHING.match(item):
        return []
    if shape_of(block) == "steps":  # what it says of a step is the step: its place among the others is asked for
        return []
    if block.hangs_on[0] in block.path and re.search(r"\d", block.hangs_on[0]):  # a release, a day: it says something
        return [filled(known["entry"], asked, span=block.hangs_on[0])]
    # What holds for it is what it stands under ("Not lent out"): the item itself is in the question.
    return [] if _SAYS.search(item) else [filled(known["item"], asked, span=asked["section"])]


def _is_opinion(answer: str) -> bool:
    """Whether an answer begins as what somebody thinks ("Honestly? ...") and gives no figure."""
    first = re.split(r"(?<=[.!?])\s", answer.strip())[0]
    return chatter(first.rstrip("?!. ")) in UNASKED and not re.search(r"\d", answer)


def _item(block: Block) -> str:
    """The first sentence of an item."""
    return re.split(r"(?<=[.!])\s", block.text)[0].rstrip(" .,;")


def place_of(title: str, section: str, known: dict[str, Any]) -> dict[str, str]:
    """Return the words for a place on a page that templates may hold."""
    subject = inside(title)
    where = (known["in"] if section else known["in_title"]).format(title=subject, section=section)
    words = {"title": subject, "section": section or title, "place": place_in(title, section), "in": where}
    return {**words, "where": capital(where), "Where": capital(where)}


def place_in(title: str, section: str) -> str:
    """Name a section of a page; without one of its own name, the page."""
    return f"{inside(title)}, {section}" if section and section != title else inside(title)


def asked_at(place: str, question: str, known: dict[str, Any]) -> list[str]:
    """Return the wordings of a question that is asked at a place of a page."""
    return [ask.format(place=place, asked=question) for ask in known["place"]["ask"]]


def filled(template: dict[str, Any], known: dict[str, str], *, span: str) -> Form:
    """Return the form that a template makes of what stands in a block."""
    questions = [text.format(**known) for text in template["ask"]]
    return Form(short(questions), re.sub(r"([.!?])\.$", r"\1", template["say"].format(**known)), span)


def short(questions: list[str]) -> tuple[str, ...]:
    """Return those questions that a person would read."""
    return tuple(" ".join(q.split()) for q in questions if len(q) <= LONGEST)


def section_of(hangs_on: tuple[str, ...]) -> str:
    """Return in one line what a block hangs on."""
    return ": ".join(filter(None, map(opening_of, hangs_on)))


def _lowered(question: str) -> str:
    return question if re.match(r"[A-ZÀ-Þ]\S*\s[A-ZÀ-Þ]", question) else question[:1].lower() + question[1:]
