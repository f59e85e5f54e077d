"""Markdown as blocks, by markdown-it: headings, lists, tables, definitions, questions with their answers, callouts."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from steps.ingest.normalise import one_line, visible
from steps.kinds.document.blocks import Block, Page
from steps.kinds.document.heads import clean_title, front_matter, written_on

_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)|%%.*?%%", re.DOTALL)
_CALLOUT = re.compile(r"^\[!(?P<name>\w+)\][+-]?[ \t]*(?P<title>[^\n]*)\n?")
_TASK = re.compile(r"^\[[ xX]\]\s+")
_EMBED, _WIKI = (
    re.compile(r"!\[\[[^\[\]\n]*\]\]"),
    re.compile(r"\[\[(?:[^\[\]|\n]*\|)?(?:[^\[\]|\n]*/)?([^\[\]|\n]+)\]\]"),
)
_ASKED = re.compile(r"[?？]['\"”’»)]*$")
_PAIR = re.compile(
    r"^(?:Q|Question|Frage|F|Pregunta|P|问|問)\s?[:：.)]\s*(?P<question>.{3,400}?[?？]?)\s+"
    r"(?:A|Answer|Antwort|R|Réponse|Respuesta|答)\s?[:：.)]\s*(?P<answer>.+)$",
    re.DOTALL,
)
_LABEL = re.compile(r"^(?:Q|Question|Frage|F|A|Answer|Antwort|R|问|問|答)\s?[:：]\s*")
_WROTE = re.compile(r"(?:wrote|writes|said|schrieb|a écrit|escribió|ha scritto|schreef)\s*:?$", re.IGNORECASE)
_ASIDE = re.compile(
    r"©|\(c\)\s(?:19|20)\d\d|all rights reserved|creative commons|\bCC[ -]BY"
    r"|edit this page|report a problem|back to top|impressum"
    r"|datenschutz|mentions légales|privacy policy|was this page helpful|generated (?:from|by)|do not edit"
    r"|powered by|built with|cookies|版权所有|printed copies|page \d+ of \d+|newsletter|follow us",
    re.IGNORECASE,
)
_BREAK = re.compile(r"<(?:br|hr|/?p|/?div|/?li|/?tr)\b[^>]*>", re.IGNORECASE)
_OPEN, _CLOSE = (
    re.compile(r"<(?:del|s|strike|script|style)\b[^>]*>", re.I),
    re.compile(r"</(?:del|s|strike|script|style)\s*>", re.I),
)
_BEFORE, _AFTER = re.compile(r"(?:^|[\s(\[{\"'“‘«—–:;,-])$"), re.compile(r"^(?:$|[\s)\]}\"'”’»—–:;,!?-]|\.(?!\w))")
_SEPARATED = re.compile(r"\s[·|>»/•–—]\s")
_OPTION = re.compile(r"^\s*(?:-\w,?\s+)?(?P<flag>--[\w-]+(?:[ =][<\[]?[A-Z][\w-]*[>\]]?)?)\s{2,}(?P<says>\S.*)$")
_VERSION = re.compile(r"^\[([^\[\]]+)\]")  # a changelog links its versions
_APART = ("softbreak", "hardbreak", "code_inline", "link", "html_inline", "footnote_ref", "s", "image")
_DEEP = 40


@cache
def _parser() -> Any:
    from markdown_it import MarkdownIt
    from mdit_py_plugins.admon import admon_plugin
    from mdit_py_plugins.deflist import deflist_plugin
    from mdit_py_plugins.footnote import footnote_plugin

    made = MarkdownIt("commonmark", {"maxNesting": _DEEP}).enable(["table", "strikethrough"])
    return made.use(footnote_plugin).use(deflist_plugin).use(admon_plugin)


def read_markdown(text: str) -> Page:
    """Return the page that a Markdown text is; the heading that is its title is not repeated."""
    head, body = front_matter(visible(text))
    page = Page(clean_title(head.get("title"), site=True), written=written_on(head))
    _Reader(page).read(body)
    return page


@dataclass
class _Reader:
    """Walks the tree of a page. ``path``: the headings above, by level."""

    page: Page
    path: dict[int, str] = field(default_factory=dict)
    opening: str = ""  # the last paragraph, if a list or a quote follows at once

    def read(self, text: str) -> None:
        from markdown_it.tree import SyntaxTreeNode

        tree = SyntaxTreeNode(_parser().parse(_COMMENT.sub(_blank, text)))
        self._headed = self.page.title is not None
        _explain(tree)
        for node in tree.children:
            self._block(node, ())
        self._close()

    def _block(self, node: Any, under: tuple[str, ...]) -> None:
        handler = getattr(self, f"_on_{node.type}", None)
        if handler:
            handler(node, under)
        else:
            for child in node.children:
                self._block(child, under)
        if node.type not in ("paragraph", "heading"):
            self.opening = ""

    def _add(self, kind: Any, text: str, under: tuple[str, ...] = (), **more: Any) -> None:
        path = tuple(self.path[level] for level in sorted(self.path))
        last = self.page.blocks[-1] if self.page.blocks else None
        if kind == "paragraph" and text and path and _ASKED.search(path[-1]):
            if last is None or last.path != path:
                kind, more = "answer", {"question": path[-1]}
            elif last.kind == "answer" and last.question == path[-1]:  # an answer of several paragraphs
                self.page.blocks[-1] = last.model_copy(update={"text": f"{last.text} {text}"})
                return
        if text or more.get("cells"):
            self.page.blocks.append(Block(kind=kind, text=text, path=path, under=under, **more))

    def _on_heading(self, node: Any, under: tuple[str, ...]) -> None:
        self._head(int(node.tag[1]), said(node))

    def _head(self, level: int, text: str) -> None:
        if level == 1 and not self._headed and text:
            self.page.title, self._headed = clean_title(text), True
            self.path.clear()
            if self.page.title != text:  # it was cut: what it says is not lost
                self._add("paragraph", text)
            return
        self.path = {at: heading for at, heading in self.path.items() if at < level}
        if text and text != self.page.title:
            self.path[level] = _VERSION.sub(r"\1", text)

    def _on_paragraph(self, node: Any, under: tuple[str, ...]) -> None:
        text = said(node)
        if not text or _is_navigation(node, text):
            return
        self.opening = text
        if named := _named_lines(node):
            for name, value in named:
                self._add("row", "", cells=((name, value),))
            return
        if pair := _asked_in_bold(node) or _pair(text):
            self._add("answer", pair[1], question=pair[0])
        else:
            kind = "aside" if len(text) < 300 and _ASIDE.search(text) else "item" if under else "paragraph"
            self._add(kind, text, under)

    def _on_bullet_list(self, node: Any, under: tuple[str, ...]) -> None:
        if _only_links(node):
            return
        if not under and self.opening.endswith((":", "：")) and self.page.blocks[-1:]:
            under = (self.opening,)
            if self.page.blocks[-1].text == self.opening and self.page.blocks[-1].kind == "paragraph":
                self.page.blocks.pop()
        elif not under:
            under = tuple(self.path[level] for level in sorted(self.path))[-1:]
        asked = under[-1:] and _ASKED.search(under[-1])
        items = [said(child) for item in node.children for child in item.children if child.type == "paragraph"]
        if asked and items:  # a list that answers a question is one answer
            self._add("answer", "; ".join(item.rstrip(" .;,") for item in items) + ".", question=under[-1])
            return
        for item in node.children:
            self._item(item, under)

    _on_ordered_list = _on_bullet_list

    def _item(self, item: Any, under: tuple[str, ...]) -> None:
        inner, text = under, ""
        for child in item.children:
            if child.type == "paragraph" and not text:
                text = _TASK.sub("", said(child))
                nested = any(c.type.endswith("_list") for c in item.children)
                if pair := _asked_in_bold(child) or _pair(text):
                    self._add("answer", pair[1], question=pair[0])
                elif not (nested and (text.endswith((":", "：")) or len(text.split()) < 4)):
                    self._add("item", text, under)
                inner = (*under, text)
            elif child.type == "paragraph":
                self._add("item", said(child), under)
            else:
                self._block(child, inner)

    def _on_table(self, node: Any, under: tuple[str, ...]) -> None:
        rows = [[said(cell) for cell in row.children] for part in node.children for row in part.children]
        self._rows(rows[0] if rows else [], rows[1:])

    def _rows(self, heads: list[str], rows: Iterable[list[str]]) -> None:
        for row in rows:
            cells = [(head, cell) for head, cell in zip(heads, row, strict=False) if cell not in ("", "-", "–", "—")]
            if not any(heads) and len(cells) == 2:  # a table of names and values
                cells = [(cells[0][1], cells[1][1])]
            if cells:
                self._add("row", "", cells=tuple(cells))

    def _on_dl(self, node: Any, under: tuple[str, ...]) -> None:
        term = ""
        for child in node.children:
            if child.type == "dt":
                term = said(child)
            else:
                text = " ".join(said(part) for part in child.children)
                self._add("answer" if _ASKED.search(term) else "term", text, question=term)

    def _on_fence(self, node: Any, under: tuple[str, ...]) -> None:
        options = [match for line in node.content.split("\n") if (match := _OPTION.match(line))]
        if len(options) > 1:  # a list of flags, as a program prints it
            for match in options:
                self._add("term", one_line(match["says"]), question=one_line(match["flag"]))
        else:
            self._add("code", "\n".join(line.rstrip() for line in node.content.strip("\n").split("\n")), under)

    _on_code_block = _on_fence

    def _on_blockquote(self, node: Any, under: tuple[str, ...]) -> None:
        if _WROTE.search(self.opening):
            if self.page.blocks and self.page.blocks[-1].text == self.opening:
                self.page.blocks.pop()
            return  # what somebody wrote before is not what this page says
        first = node.children[0] if node.children else None
        callout = _CALLOUT.match(_source(first)) if first is not None and first.type == "paragraph" else None
        for child in node.children:
            if child is first and callout:
                text = one_line(said(child).removeprefix(f"[!{callout['name']}]"))
                self._add("item", text, (callout["name"].capitalize(),))
            else:
                self._block(child, under)

    def _on_admonition(self, node: Any, under: tuple[str, ...]) -> None:
        title = next((said(child) for child in node.children if child.type == "admonition_title"), "")
        for child in node.children:
            if child.type == "paragraph" and title:
                self._add("item", said(child), (title,))
            elif child.type != "admonition_title":
                self._block(child, under)

    def _on_html_block(self, node: Any, under: tuple[str, ...]) -> None:
        from steps.kinds.document.html import as_markdown

        inside = as_markdown(node.content)
        if inside.strip() and "<" not in inside:
            nested = _Reader(self.page, self.path, self.opening)
            nested.read(inside)
            self._headed = nested._headed

    def _on_hr(self, node: Any, under: tuple[str, ...]) -> None:
        self._ruled = len(self.page.blocks)

    def _on_footnote_block(self, node: Any, under: tuple[str, ...]) -> None:
        """Footnotes stand where they are referred to."""

    def _close(self) -> None:
        """What stands below the last rule of a page, if it is short, is about the page."""
        ruled = getattr(self, "_ruled", None)
        last = self.page.blocks[ruled:] if ruled else []
        if (
            last
            and sum(len(block.text) for block in last) < 300
            and all(b.kind in ("paragraph", "aside") for b in last)
        ):
            self.page.blocks[ruled:] = [block.model_copy(update={"kind": "aside"}) for block in last]


def _explain(tree: Any) -> None:
    """Tell each reference to a footnote what the footnote says."""
    notes = {note.meta["id"]: said(note.children[0]) for note in _all(tree, "footnote") if note.children}
    for reference in _all(tree, "footnote_ref"):
        reference.meta["says"] = notes.get(reference.meta["id"], "")


def _all(tree: Any, kind: str) -> list[Any]:
    return [node for node in tree.walk() if node.type == kind]


def _blank(match: re.Match[str]) -> str:
    return "\n" * match[0].count("\n")


def said(node: Any) -> str:
    """What a node says, on one line; what is struck out it no longer says."""
    code: list[str] = []
    text = "".join(_inline(node, code))
    text = _WIKI.sub(r"\1", _EMBED.sub("", text))
    for place, kept in enumerate(code):
        text = text.replace(f"\0{place}\0", kept)
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


def _source(node: Any) -> str:
    return node.children[0].content if node.children and node.children[0].type == "inline" else ""


def _parts(node: Any) -> list[Any]:
    return node.children[0].children if node.children and node.children[0].type == "inline" else []


def _named_lines(node: Any) -> list[tuple[str, str]]:
    """Lines that each begin with a name in bold: ``**Present:** Ida, Wim``; none if one does not."""
    lines: list[list[Any]] = [[]]
    for part in _parts(node):
        if part.type in ("softbreak", "hardbreak"):
            lines.append([])
        else:
            lines[-1].append(part)
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


def _asked_in_bold(node: Any) -> tuple[str, str] | None:
    """A question in bold, and the rest of its paragraph: ``**May I?** Yes.``"""
    parts = _parts(node)
    if len(parts) < 2 or parts[0].type not in ("strong", "em", "text"):
        return None
    first = parts[1] if parts[0].type == "text" and not parts[0].content.strip() else parts[0]
    question = _LABEL.sub("", said(first)) if first.type in ("strong", "em") else ""
    whole = said(node)
    answer = _LABEL.sub("", whole[whole.find(said(first)) + len(said(first)) :].strip()) if question else ""
    return (question, answer) if _ASKED.search(question) and answer else None


def _pair(text: str) -> tuple[str, str] | None:
    match = _PAIR.match(text)
    return (match["question"], match["answer"]) if match else None


def _links(node: Any) -> Iterator[Any]:
    for child in _parts(node) if node.type == "paragraph" else node.children:
        if child.type == "link":
            yield child
        elif child.type in ("strong", "em"):
            yield from _links(child)


def _is_navigation(node: Any, text: str) -> bool:
    """A line of links: two or more, and little between them."""
    links = [said(link) for link in _links(node)]
    rest = len(re.sub(r"[\W_]", "", text)) - sum(len(re.sub(r"[\W_]", "", link)) for link in links)
    listed = len([part for part in _SEPARATED.split(text) if part.strip()]) >= max(3, len(links))
    return len(links) > 1 and (rest < 0.5 * sum(map(len, links)) or (listed and rest < 60))


def _only_links(node: Any) -> bool:
    """A table of contents: a list in which every item is a link to a place on this page."""
    items = [child for item in node.children for child in item.children if child.type == "paragraph"]
    links = [[*_links(item)] for item in items]
    return bool(items) and all(
        len(one) == 1 and said(one[0]) == said(item) and str(one[0].attrs.get("href", "")).startswith(("#", "/"))
        for one, item in zip(links, items, strict=True)
    )
