"""HTML as Markdown: what a page says, without its navigation; tables, lists and definitions as they are."""

import copy
import re
from html.parser import HTMLParser
from itertools import takewhile
from typing import Any

from steps.ingest.normalise import one_line, visible
from steps.kinds.document.blocks import Block, Page
from steps.kinds.document.heads import clean_title, title_parts, written_on
from steps.kinds.document.markdown import read_markdown
from steps.kinds.document.navigation import UNREAD, main_of

_GENERIC = re.compile(
    r"(?:frequently asked )?questions(?: and answers)?|faqs?|home|overview|introduction|welcome|about(?: us)?"
    r"|help|support"
    r"|documentation|changelog|häufige fragen|questions fréquentes|preguntas frecuentes"
    r"|startseite|accueil|inicio|untitled",
    re.IGNORECASE,
)
_DECLARATION = re.compile(r"\A\s*<\?xml[^>]*\?>")
_BAR = re.compile(r"(?<!\\)\|")
_OF_SEVERAL = frozenset("ul ol dl table pre details h1 h2 h3 h4 h5 h6".split())  # what is more than some sentences
_WIDEST = 50  # columns or rows that one cell may span
# Cells that a page may have once each is repeated where it spans, and their hundreds of characters; of small pages (a
# piece of HTML in Markdown is one) fewer, so that many small ones cost no more than one.
_SPREAD, _FEW, _TIMES = 10_000, 100, 10


def read_html(text: str, *, letter: bool = False) -> Page:
    """Return the page that an HTML document is; ``letter``: it is a mail's."""
    text = visible(text)
    tree = _tree(text)
    if tree is None:
        return _plain(text)
    title = next(iter(tree.xpath("//title/text()")), None)
    heads = {
        str(m.get("property") or m.get("name")).lower().split(":")[-1].replace("-", "_"): m.get("content")
        for m in tree.xpath("//meta[@content]")
    }
    written = written_on({name.removesuffix("_time"): value for name, value in heads.items()})
    body = main_of(tree)
    markdown = markdown_of(body)
    if markdown is None:
        return _plain(text)
    page = read_markdown(markdown, letter=letter)
    if not page.blocks and not page.title:
        return _plain(text)
    if page.title is None:
        page.title = clean_title(title, site=True)
    if page.title and _GENERIC.fullmatch(page.title):  # of which page? its site says it
        other = next((part for part in title_parts(str(title or "")) if not _GENERIC.fullmatch(part)), None)
        page.title = f"{page.title} – {other}" if other else page.title
    page.written = page.written or written
    return page


def as_markdown(text: str) -> str:
    """Return a piece of HTML as Markdown; what cannot be read is returned as it is."""
    tree = _tree(text)
    return text if tree is None else markdown_of(tree) or ""


def _tree(text: str) -> Any:
    import lxml.html

    try:
        return lxml.html.document_fromstring(text, parser=lxml.html.HTMLParser(encoding=None, huge_tree=False))
    except Exception:  # lxml raises many kinds, and a page that it cannot read must not cost the record
        return None


def body_markdown(text: str) -> str:
    """Return a whole page of (X)HTML as Markdown, as far as it is its text."""
    tree = _tree(_DECLARATION.sub("", visible(text)))
    return "" if tree is None else markdown_of(main_of(tree)) or ""


def markdown_of(tree: Any) -> str | None:
    """Return a tree of lxml as Markdown, or None if it is too deep; the tree is changed on the way."""
    import lxml.html
    from markdownify import markdownify

    tables = [*tree.iter("table")]
    for found in [*tree.iter("details")]:
        _open(found)
    for term in [*tree.iter("dt")]:
        _define(term)
    copies = [*map(_copies, tree.iter("td", "th"))]
    if sum(copies) <= min(_SPREAD, _FEW + _TIMES * len(copies)):
        for found in tables:
            _spread(found)
            _one_head(found)
    for found in [*tree.iter("caption")]:
        _above(found)
    for cell in tree.iter("td", "th"):
        _take_span(cell, "colspan"), _take_span(cell, "rowspan")
        for element in cell.iter():  # a bar in a cell is no border
            element.text = _BAR.sub(r"\\|", element.text) if element.text else None
            if element is not cell and element.tail:
                element.tail = _BAR.sub(r"\\|", element.tail)
    try:
        return markdownify(
            lxml.html.tostring(tree, encoding="unicode"), heading_style="ATX", strip=["img"], bullets="-", wrap=False
        )
    except RecursionError:
        return None


def _copies(cell: Any) -> int:
    """How much is to be copied of a cell that spans several: elements, and hundreds of characters."""
    times = _span(cell, "colspan") * _span(cell, "rowspan")
    return 1 if times == 1 else times * (sum(1 for _ in cell.iter()) + len(cell.text_content()) // 100)


def _spread(table: Any) -> None:
    """Repeat a cell that spans several columns or rows: each of them says what it says."""
    rows = [row for row in table.iter("tr") if next(row.iterancestors("table")) is table]
    for cell in [cell for row in rows for cell in row.iterchildren("td", "th")]:
        for _ in range(_take_span(cell, "colspan") - 1):
            cell.addnext(copy.deepcopy(cell))
    below: dict[int, list[Any]] = {}  # by place in the row: copies for the rows that follow
    for row in rows:
        here, below = below, {}
        for place in sorted(here):
            cell, *more = here[place]
            row.insert(min(place, len(row)), cell)
            if more:
                below[place] = more
        for place, cell in enumerate(row.iterchildren("td", "th")):
            if (down := _take_span(cell, "rowspan")) > 1:
                below[place] = [copy.deepcopy(cell) for _ in range(down - 1)]


def _one_head(table: Any) -> None:
    """Make one row of several heads: of "Hours" over "from" and "to", "Hours from" and "Hours to".

    A head that says the same in all columns is what the whole table is called.
    """
    rows = [row for row in table.iter("tr") if next(row.iterancestors("table")) is table]
    heads = list(takewhile(lambda row: len(row) and all(cell.tag == "th" for cell in row), rows))
    if len(heads) < 2 or len(heads) == len(rows) or len({len(row) for row in heads}) > 1:
        return
    *above, last = heads
    told = [[one_line(cell.text_content()) for cell in row] for row in heads]
    whole = [texts[0] for texts in told[:-1] if len(set(texts)) == 1 and len(texts) > 1]
    for column, cell in enumerate(last):
        over = [texts[column] for texts in told[:-1] if not (len(set(texts)) == 1 and len(texts) > 1)]
        before = [text for text in dict.fromkeys(over) if text and text != told[-1][column]]
        if before:
            cell.text = " ".join([*before, cell.text or ""])
    for row in above:
        row.drop_tree()
    if whole and table.find("caption") is None:
        caption = table.makeelement("caption")
        caption.text = " ".join(whole)
        table.insert(0, caption)


def _above(caption: Any) -> None:
    """Put what a table is called before it, as a line that opens it."""
    table, text = caption.getparent(), one_line(caption.text_content())
    caption.drop_tree()
    if table is not None and table.tag == "table" and table.getparent() is not None and text:
        line = table.makeelement("p")
        line.text = text if text.endswith((":", "：")) else f"{text.rstrip('.')}:"
        table.addprevious(line)


def _define(term: Any) -> None:
    """Give a term that shares its definition with the next one its own: Markdown knows one term a definition."""
    says = term.getnext()
    while says is not None and says.tag == "dt":
        says = says.getnext()
    if says is None or says is term.getnext():
        return
    place = term
    while says is not None and says.tag == "dd":
        place.addnext(copy.deepcopy(says))
        place, says = place.getnext(), says.getnext()


def _open(details: Any) -> None:
    """Put what folds out below the line that folds it out: as its definition or answer, or under it as a heading."""
    summary = details.find("summary")
    if summary is None:
        return
    parts = [child for child in details.iterdescendants() if child.tag in _OF_SEVERAL]
    if parts or not one_line("".join(details.itertext())).removeprefix(one_line(summary.text_content())):
        details.tag, summary.tag = "div", "h6"
        return
    details.tag, summary.tag = "dl", "dt"
    says = details.makeelement("dd")
    says.text, summary.tail = summary.tail, None
    for child in list(details)[details.index(summary) + 1 :]:
        says.append(child)
    details.append(says)


def _take_span(cell: Any, name: str) -> int:
    """Take a span off a cell, and return it."""
    span = _span(cell, name)
    cell.attrib.pop(name, None)
    return span


def _span(cell: Any, name: str) -> int:
    said = cell.get(name, "1")
    return min(int(said), _WIDEST) if said.isdecimal() else 1


def _plain(text: str) -> Page:
    """What a page that is too deep or too broken says, as paragraphs."""
    page = _Page()
    page.feed(text)
    page.close()
    blocks = [one_line(line) for line in "".join(page.parts).split("\n") if line.strip()]
    return Page(clean_title(page.title, site=True), [Block(kind="paragraph", text=b) for b in blocks if b])


class _Page(HTMLParser):
    """Title and visible text."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.title, self.parts = "", [""]
        self._skipped, self._in_title = 0, False

    def handle_starttag(self, tag, attrs):
        self._skipped += tag in UNREAD
        self._in_title = tag == "title"
        if tag in ("p", "div", "br", "li", "tr", "h1", "h2", "h3", "h4"):
            self.parts.append("\n")

    def handle_endtag(self, tag):
        self._skipped = max(0, self._skipped - (tag in UNREAD))
        self._in_title = False

    def handle_data(self, data):
        if self._in_title:
            self.title += data
        elif not self._skipped:
            self.parts.append(data.replace("\n", " "))
