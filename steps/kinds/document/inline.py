"""What a line of Markdown says, without its marks: names in it, questions with their answers, links and nothing else.

A node here is one of markdown-it's tree (``SyntaxTreeNode``): a paragraph, a heading, a cell.
"""

import re
from collections.abc import Iterator
from typing import Any

from steps.ingest.normalise import one_line

ASKED = re.compile(r"[?？]['\"”’»)]*$")
_EMBED, _WIKI = (
    re.compile(r"!\[\[[^\[\]\n]*\]\]"),
    re.compile(r"\[\[(?:[^\[\]|\n]*\|)?(?:[^\[\]|\n]*/)?([^\[\]|\n]+)\]\]"),
)
_PAIR = re.compile(
    r"^(?:Q|Question|Frage|F|Pregunta|P|问|問)\s?[:：.)]\s*(?P<question>.{3,400}?[?？]?)\s+"
    r"(?:A|Answer|Antwort|R|Réponse|Respuesta|答)\s?[:：.)]\s*(?P<answer>.+)$",
    re.DOTALL,
)
_ONE = re.compile(r"^(?P<question>[^?？.!]{8,200}[?？])\s+(?P<answer>[^?？]{2,})$")
NAMED = re.compile(r"(?P<name>[A-ZÀ-Þ0-9][^:.!?;,]{0,30}):\s+(?P<value>\S.{0,200})")
_LABEL = re.compile(r"^(?:Q|Question|Frage|F|A|Answer|Antwort|R|问|問|答)\s?[:：]\s*")
_BREAK = re.compile(r"<(?:br|hr|/?p|/?div|/?li|/?tr)\b[^>]*>", re.IGNORECASE)
_OPEN, _CLOSE = (
    re.compile(r"<(?:del|s|strike|script|style)\b[^>]*>", re.I),
    re.compile(r"</(?:del|s|strike|script|style)\s*>", re.I),
)
_BEFORE, _AFTER = re.compile(r"(?:^|[\s(\[{\"'“‘«—–:;,-])$"), re.compile(r"^(?:$|[\s)\]}\"'”’»—–:;,!?-]|\.(?!\w))")
_ENDS = re.compile(r"[.!?;,…。！？；]['\"”’»)\]*]*$")
_FOLLOWING = re.compile(
    r"\b(?:following|(?:as|listed|given|shown|named) below|folgende[nrms]?|suivant(?:e?s?)|ci-(?:dessous|après)"
    r"|siguientes?)\b",
    re.IGNORECASE,
)
_KEPT = re.compile(r"\0(\d+)\0")
_OPENING_WORDS = 12
_SEPARATED = re.compile(r"\s[·|>»/•–—]\s")
_APART = ("softbreak", "hardbreak", "code_inline", "link", "html_inline", "footnote_ref", "s", "image")


def said(node: Any) -> str:
    """What a node says, on one line; what is struck out it no longer says."""
    code: list[str] = []
    text = "".join(_inline(node, code))
    text = _WIKI.sub(r"\1", _EMBED.sub("", text))
    text = _KEPT.sub(lambda found: code[int(found[1])], text)
    return one_line(re.sub(r"\s+([.,;:!?])", r"\1", text) if "\1" in text else text).replace("\1", "")


def _inline(node: Any, code: list[str]) -> Iterator[str]:
    struck = 0
    children = node.children
    for place, child in enumerate(children):
        if child.type == "html_inline":
            struck = max(0, struck + bool(_OPEN.match(child.content)) - bool(_CLOSE.match(child.content)))
            yield " " if _BREAK.match(child.content) or child.content.startswith("<ins") else ""
        elif child.type == "footnote_ref" and child.meta.get("says"):
            yield f" ({child.meta['says']})"
        elif struck or child.type in ("s", "image", "footnote_ref", "footnote_anchor"):
            yield "\1" if child.type == "s" else ""
        elif child.type in ("text", "text_special"):
            yield child.content
        elif child.type == "code_inline":
            code.append(child.content)
            yield f"\0{len(code) - 1}\0"
        elif child.type in ("softbreak", "hardbreak"):
            yield " "
        elif child.type in ("em", "strong") and not _stands_free(children, place):
            yield child.markup + "".join(_inline(child, code)) + child.markup
        else:
            yield from _inline(child, code)


def _stands_free(children: list[Any], place: int) -> bool:
    """Whether a marked word is one: in ``__init__.py`` and ``a*b*c`` the marks belong to the name."""
    before = children[place - 1] if place else None
    after = children[place + 1] if place + 1 < len(children) else None
    left = before is None or before.type in _APART or bool(_BEFORE.search(before.content))
    right = after is None or after.type in _APART or bool(_AFTER.match(after.content))
    return left and right and not {"em", "strong"} & {one.type for one in (before, after) if one is not None}


def source(node: Any) -> str:
    """The Markdown of a node, as it was written."""
    return node.children[0].content if node.children and node.children[0].type == "inline" else ""


def _parts(node: Any) -> list[Any]:
    return node.children[0].children if node.children and node.children[0].type == "inline" else []


def named_lines(node: Any) -> list[tuple[str, str]]:
    """Lines that each begin with a name, in bold or not: ``**Present:** Ida, Wim``; none if one does not."""
    lines: list[list[Any]] = [[]]
    for part in _parts(node):
        if part.type in ("softbreak", "hardbreak"):
            lines.append([])
        else:
            lines[-1].append(part)
    if len(lines) > 1 and all(plain := [NAMED.fullmatch(said(_Line(line))) for line in lines]):
        return [(one["name"].strip(), one["value"]) for one in plain if one]
    found = []
    for line in lines:
        line = [part for part in line if part.type != "text" or part.content.strip()]
        text = said(_Line(line))
        name, mark, value = text.partition(":")
        if not (line and line[0].type == "strong" and mark and value.strip() and name == said(line[0]).rstrip(":")):
            return []
        found.append((name.strip(), value.strip()))
    return found if len(found) > 1 else []


class _Line:
    """Some of the parts of a paragraph, as a node."""

    def __init__(self, children: list[Any]):
        self.children = children


def opens(line: str) -> bool:
    """Whether a line opens the list or the table that follows: by its colon, as a line without an end, or in words."""
    if not line or line.endswith((":", "：")):
        return bool(line)
    return bool(_FOLLOWING.search(line)) or (not _ENDS.search(line) and len(line.split()) <= _OPENING_WORDS)


def asked_in_bold(node: Any) -> tuple[str, str] | None:
    """A question in bold, and the rest of its paragraph: ``**May I?** Yes.``"""
    parts = _parts(node)
    if len(parts) < 2 or parts[0].type not in ("strong", "em", "text"):
        return None
    first = parts[1] if parts[0].type == "text" and not parts[0].content.strip() else parts[0]
    question = _LABEL.sub("", said(first)) if first.type in ("strong", "em") else ""
    whole = said(node)
    answer = _LABEL.sub("", whole[whole.find(said(first)) + len(said(first)) :].strip()) if question else ""
    return (question, answer) if ASKED.search(question) and answer else None


def asked_in_one(text: str) -> tuple[str, str] | None:
    """A question and what follows it: ``Where is the vet? In Larch Street.``"""
    match = _ONE.match(text)
    return (match["question"], match["answer"]) if match else None


def pair_in(text: str) -> tuple[str, str] | None:
    """A question and its answer in one text: ``Q: May I? A: Yes.``"""
    match = _PAIR.match(text)
    return (match["question"], match["answer"]) if match else None


def _links(node: Any) -> Iterator[Any]:
    for child in _parts(node) if node.type == "paragraph" else node.children:
        if child.type == "link":
            yield child
        elif child.type in ("strong", "em"):
            yield from _links(child)


def is_navigation(node: Any, text: str) -> bool:
    """A line of links: two or more, and little between them."""
    links = [said(link) for link in _links(node)]
    rest = len(re.sub(r"[\W_]", "", text)) - sum(len(re.sub(r"[\W_]", "", link)) for link in links)
    listed = len([part for part in _SEPARATED.split(text) if part.strip()]) >= max(3, len(links))
    return len(links) > 1 and (rest < 0.5 * sum(map(len, links)) or (listed and rest < 60))


def only_links(node: Any) -> bool:
    """A table of contents: a list in which every item is a link to a place on this page."""
    items = [child for item in node.children for child in item.children if child.type == "paragraph"]
    links = [[*_links(item)] for item in items]
    return bool(items) and all(
        len(one) == 1 and said(one[0]) == said(item) and str(one[0].attrs.get("href", "")).startswith(("#", "/"))
        for one, item in zip(links, items, strict=True)
    )
