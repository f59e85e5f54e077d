"""Markdown as blocks, by markdown-it: headings, lists, tables, definitions, questions with their answers, callouts."""

import re
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from steps.ingest.normalise import one_line, visible
from steps.kinds.document.asides import SIGNED, introduces_a_quote, is_aside
from steps.kinds.document.blocks import Block, Page
from steps.kinds.document.heads import clean_title, front_matter, written_on
from steps.kinds.document.inline import (
    ASKED,
    asked_in_bold,
    asked_in_one,
    is_navigation,
    named_lines,
    only_links,
    opens,
    pair_in,
    said,
    source,
)
from steps.kinds.document.ragged import evened

_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)|%%.*?%%", re.DOTALL)
_CALLOUT = re.compile(r"^\[!(?P<name>\w+)\][+-]?[ \t]*(?P<title>[^\n]*)\n?")
_TASK = re.compile(r"^\[[ xX]\]\s+")
_OPTION = re.compile(r"^\s*(?:-\w,?\s+)?(?P<flag>--[\w-]+(?:[ =][<\[]?[A-Z][\w-]*[>\]]?)?)\s{2,}(?P<says>\S.*)$")
_VERSION = re.compile(r"^\[([^\[\]]+)\]")  # a changelog links its versions
_NO_CELL = frozenset(("", "-", "–", "—", "n/a", "tbd"))
_DEEP = 40


@cache
def _parser() -> Any:
    from markdown_it import MarkdownIt
    from mdit_py_plugins.admon import admon_plugin
    from mdit_py_plugins.deflist import deflist_plugin
    from mdit_py_plugins.footnote import footnote_plugin

    made = MarkdownIt("commonmark", {"maxNesting": _DEEP}).enable(["table", "strikethrough"])
    return made.use(footnote_plugin).use(deflist_plugin).use(admon_plugin)


def read_markdown(text: str, *, letter: bool = False) -> Page:
    """Return the page that a Markdown text is; the heading that is its title is not repeated.

    ``letter``: it is a mail's, in which every block quote is what somebody else said.
    """
    head, body = front_matter(visible(text))
    page = Page(clean_title(head.get("title"), site=True), written=written_on(head), letter=letter)
    _Reader(page).read(body)
    return page


@dataclass
class _Reader:
    """Walks the tree of a page. ``path``: the headings above, by level."""

    page: Page
    path: dict[int, str] = field(default_factory=dict)
    opening: str = ""  # the last paragraph, if a list or a quote follows at once
    quoting: bool = False  # within what somebody else says

    @property
    def _headings(self) -> tuple[str, ...]:
        return tuple(self.path[level] for level in sorted(self.path))

    def read(self, text: str) -> None:
        from markdown_it.tree import SyntaxTreeNode

        tree = SyntaxTreeNode(_parser().parse(evened(_COMMENT.sub(_blank, text))))
        _explain(tree)
        for node in tree.children:
            self._block(node, ())

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
        path = self._headings
        if self.quoting:
            kind, text, under, more = "quote", Block(kind=kind, text=text, under=under, **more).said, (), {}
        last = self.page.blocks[-1] if self.page.blocks else None
        if kind == "paragraph" and text and path and ASKED.search(path[-1]):
            if last is None or last.path != path:
                kind, more = "answer", {"question": path[-1]}
            elif last.kind == "answer" and last.question == path[-1]:  # an answer of several paragraphs
                self.page.blocks[-1] = last.model_copy(update={"text": f"{last.text} {text}"})
                return
        if text or more.get("cells"):
            self.page.blocks.append(Block(kind=kind, text=text, path=path, under=under, **more))

    def _on_heading(self, node: Any, under: tuple[str, ...]) -> None:
        level, text, self.opening = int(node.tag[1]), said(node), ""
        if level == 1 and self.page.title is None and text:
            self.page.title = clean_title(text)
            self.path.clear()
            if self.page.title != text:  # it was cut: what it says is not lost
                self._add("paragraph", text)
            return
        self.path = {at: heading for at, heading in self.path.items() if at < level}
        if text and text != self.page.title:
            self.path[level] = _VERSION.sub(r"\1", text)

    def _on_paragraph(self, node: Any, under: tuple[str, ...]) -> None:
        text = said(node)
        if not text or is_navigation(node, text):
            return
        self.opening = text
        if pair := asked_in_bold(node) or pair_in(text):
            self._add("answer", pair[1], question=pair[0])
        elif named := named_lines(node):
            for name, value in named:
                self._add("row", "", cells=((name, value),))
        else:
            kind = "aside" if is_aside(text) else "item" if under else "paragraph"
            self._add(kind, text, under)

    def _on_bullet_list(self, node: Any, under: tuple[str, ...]) -> None:
        if only_links(node):
            return
        under = under or self._opened() or self._headings[-1:]
        asked = under[-1:] and ASKED.search(under[-1])
        items = [said(child) for item in node.children for child in item.children if child.type == "paragraph"]
        if asked and items:  # a list that answers a question is one answer
            self._add("answer", "; ".join(item.rstrip(" .;,") for item in items) + ".", question=under[-1])
            return
        pairs = [asked_in_one(one) for one in items]
        if len(pairs) > 1 and len(pairs) == len(node.children) and all(pairs):
            for question, answer in filter(None, pairs):
                self._add("answer", answer, question=question)
            return
        for item in node.children:
            self._item(item, under)

    _on_ordered_list = _on_bullet_list

    def _opened(self) -> tuple[str, ...]:
        """The line that opens the list or the table that follows; what stands before it is a paragraph of its own."""
        last = self.page.blocks[-1] if self.page.blocks else None
        *before, line = re.split(r"(?<=[.!?。！？])\s+", self.opening)
        if last is None or not opens(line):
            return ()
        if last.text == self.opening and last.kind == "paragraph":
            self.page.blocks.pop()
            if before:
                self.page.blocks.append(last.model_copy(update={"text": " ".join(before)}))
        return (line,)

    def _item(self, item: Any, under: tuple[str, ...]) -> None:
        inner, text = under, ""
        for child in item.children:
            if child.type == "paragraph" and not text:
                text = _TASK.sub("", said(child))
                nested = any(c.type.endswith("_list") for c in item.children)
                if pair := asked_in_bold(child) or pair_in(text):
                    self._add("answer", pair[1], question=pair[0])
                elif not (nested and (text.endswith((":", "：")) or len(text.split()) < 4)):
                    self._add("item", text, under)
                inner = (*under, text)
            elif child.type == "paragraph":
                self._add("item", said(child), under)
            else:
                self._block(child, inner)

    def _on_table(self, node: Any, under: tuple[str, ...]) -> None:
        found = [[said(cell) for cell in row.children] for part in node.children for row in part.children]
        heads, *rows = found or [[]]
        under = under or self._opened()
        for row in rows:
            cells = [(head, cell) for head, cell in zip(heads, row, strict=False) if cell.casefold() not in _NO_CELL]
            if not any(heads) and len(cells) == 2:  # a table of names and values
                cells = [(cells[0][1], cells[1][1])]
            if cells:
                self._add("row", "", under, cells=tuple(cells))

    def _on_dl(self, node: Any, under: tuple[str, ...]) -> None:
        found: list[tuple[list[str], list[str]]] = []  # several terms may have one definition, and one term several
        for child in node.children:
            if child.type == "dt":
                if not found or found[-1][1]:
                    found.append(([], []))
                found[-1][0].append(said(child))
            elif found:
                found[-1][1].append(" ".join(said(part) for part in child.children))
        for terms, texts in found:
            *first, last = texts or [""]
            text = " ".join([*(re.sub(r"(?<![.!?;:])$", ";", one) for one in first), last])
            for term in terms:
                self._add("answer" if ASKED.search(term) else "term", text, question=term)

    def _on_fence(self, node: Any, under: tuple[str, ...]) -> None:
        options = [match for line in node.content.split("\n") if (match := _OPTION.match(line))]
        if len(options) > 1:  # a list of flags, as a program prints it
            for match in options:
                self._add("term", one_line(match["says"]), question=one_line(match["flag"]))
        else:
            self._add("code", "\n".join(line.rstrip() for line in node.content.strip("\n").split("\n")), under)

    _on_code_block = _on_fence

    def _on_blockquote(self, node: Any, under: tuple[str, ...]) -> None:
        if introduces_a_quote(self.opening):
            if self.page.blocks and self.page.blocks[-1].text == self.opening:
                self.page.blocks.pop()
            return  # what somebody wrote before is not what this page says
        first = node.children[0] if node.children else None
        if self.page.letter or (node.children and SIGNED.search(source(node.children[-1]).strip())):
            before, self.quoting, self.opening = self.quoting, True, ""
            for child in node.children:
                self._block(child, ())
            self.quoting = before
            return
        callout = _CALLOUT.match(source(first)) if first is not None and first.type == "paragraph" else None
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
            inner = _Reader(self.page, self.path, self.opening, self.quoting)
            inner.read(inside)
            if "<details" in node.content.lower():  # what follows folds out under its line
                self.path = inner.path
        if "</details" in node.content.lower():
            self.path.pop(6, None)

    def _on_footnote_block(self, node: Any, under: tuple[str, ...]) -> None:
        """Footnotes stand where they are referred to."""


def _explain(tree: Any) -> None:
    """Tell each reference to a footnote what the footnote says."""
    notes = {note.meta["id"]: said(note.children[0]) for note in _all(tree, "footnote") if note.children}
    for reference in _all(tree, "footnote_ref"):
        reference.meta["says"] = notes.get(reference.meta["id"], "")


def _all(tree: Any, kind: str) -> list[Any]:
    return [node for node in tree.walk() if node.type == kind]


def _blank(match: re.Match[str]) -> str:
    return "\n" * match[0].count("\n")
