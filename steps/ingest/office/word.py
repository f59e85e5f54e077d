"""Word documents as Markdown, by mammoth: headings, lists, tables, footnotes; without what was deleted or hidden."""

import io
import re
import zipfile
from collections import Counter
from typing import Any

from steps.ingest.markup import Converted, counted
from steps.ingest.office.archive import opened, parsed, properties

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_MATH = "{http://schemas.openxmlformats.org/officeDocument/2006/math}oMath"
_TEXTS = re.compile(r"word/(?:document|footnotes|endnotes)\d*\.xml")
_UNREAD = re.compile(r"word/(?:media|embeddings|activeX)/|.*vbaProject\.bin$")
# Below a title, headings of the first level are chapters.
_STYLES = (
    "p[style-name='Subtitle'] => p:fresh",
    *(f"p[style-name='heading {n}'] => h{n + 1}:fresh" for n in range(1, 6)),
)
_TITLED = "p[style-name='Title'] => h1:fresh"
_OFF = ("0", "false", "off", "none")
_GRIDS = (None, "", "TableGrid", "TableNormal")  # styles that give a first row no look of its own


def read_word(content: bytes) -> Converted:
    """Return what a document says."""
    import lxml.html
    import mammoth

    from steps.kinds.document.html import markdown_of

    archive = opened(content, needs="word/document.xml")
    title, modified = properties(archive)
    left = Counter[str]()
    shown = _shown(archive, left)
    titled = "Title" in {style.get(f"{_W}val") for style in parsed(archive, "word/document.xml").iter(f"{_W}pStyle")}
    said = mammoth.convert_to_html(
        shown,
        style_map="\n".join((_TITLED, *_STYLES) if titled else (_TITLED,)),
        convert_image=lambda image: [],
        include_embedded_style_map=False,
    )
    if not said.value.strip():
        return Converted("", title, modified)
    tree = lxml.html.document_fromstring(said.value)
    _explain(tree)
    notes = [counted(left[what], what) for what in ("picture", "formula", "hidden passage") if left[what]]
    return Converted(markdown_of(tree) or "", title, modified, notes)


def _shown(archive: zipfile.ZipFile, left: Counter[str]) -> io.BytesIO:
    """The document with what it shows, in a new archive."""
    from lxml import etree

    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as copy:
        for entry in archive.infolist():
            if _UNREAD.match(entry.filename):
                continue
            part = archive.read(entry)
            if _TEXTS.fullmatch(entry.filename):
                tree = parsed(archive, entry.filename)
                _settle(tree, left)
                for found in tree.iter(f"{_W}tbl"):
                    _mark_head(found)
                part = etree.tostring(tree)
            copy.writestr(entry.filename, part)
    made.seek(0)
    return made


def _settle(tree: Any, left: Counter[str]) -> None:
    """Accept tracked changes; take out struck and hidden words, and what is no words."""
    for mark in [*tree.iter(f"{_W}del", f"{_W}moveFrom", f"{_W}rPrChange", f"{_W}pPrChange")]:
        row = mark.getparent().getparent() if mark.getparent().tag == f"{_W}trPr" else None
        _drop(row if row is not None and row.tag == f"{_W}tr" and mark.tag == f"{_W}del" else mark)
    for mark in [*tree.iter(f"{_W}ins", f"{_W}moveTo")]:
        parent = mark.getparent()
        if parent.tag not in (f"{_W}rPr", f"{_W}trPr"):
            for child in [*mark]:
                mark.addprevious(child)
            parent.remove(mark)
    for run in [*tree.iter(f"{_W}r")]:
        hidden = _is_on(run, "vanish")
        if hidden or _is_on(run, "strike") or _is_on(run, "dstrike"):
            left["hidden passage"] += hidden
            _drop(run)
    for formula in [*tree.iter(_MATH)]:
        left["formula"] += 1
        _drop(formula)
    for drawing in tree.iter(f"{_W}drawing", f"{_W}pict"):
        fallback = drawing.getparent() is not None and drawing.getparent().tag.endswith("}Fallback")
        left["picture"] += drawing.find(f".//{_W}txbxContent") is None and not fallback


def _drop(element: Any) -> None:
    if element.getparent() is not None:
        element.getparent().remove(element)


def _is_on(run: Any, name: str) -> bool:
    found = run.find(f"{_W}rPr/{_W}{name}")
    return found is not None and str(found.get(f"{_W}val", "true")).lower() not in _OFF


def _mark_head(table: Any) -> None:
    """Mark the first row as the head, where the table says so by its looks and not by its structure."""
    from lxml import etree

    rows = table.findall(f"{_W}tr")
    if (
        len(rows) < 2
        or any(row.find(f"{_W}trPr/{_W}tblHeader") is not None for row in rows)
        or not _is_headed(table, rows)
    ):
        return
    row = rows[0].find(f"{_W}trPr")
    if row is None:
        row = etree.Element(f"{_W}trPr")
        rows[0].insert(0, row)
    etree.SubElement(row, f"{_W}tblHeader")


def _is_headed(table: Any, rows: list[Any]) -> bool:
    """Whether the first row names the columns. Two plain columns are names with their values, unless
    these count one thing.
    """
    width = max(len(row.findall(f"{_W}tc")) for row in rows)
    if width < 2:
        return False
    if _is_bold(rows[0]) and not all(map(_is_bold, rows[1:])):
        return True
    look, style = table.find(f"{_W}tblPr/{_W}tblLook"), table.find(f"{_W}tblPr/{_W}tblStyle")
    first = look is None or look.get(f"{_W}firstRow", "1") not in _OFF
    named = style.get(f"{_W}val") if style is not None else None
    return first and (width > 2 or named not in _GRIDS or _counts_one_unit(rows))


def _counts_one_unit(rows: list[Any]) -> bool:
    """Whether the second column says how much of one thing ("85 euros", "22 euros") under words of its own."""
    head, *values = (["".join(cell.itertext()).strip() for cell in row.findall(f"{_W}tc")][-1] for row in rows)
    units = {re.sub(r"[\d.,\s]+", "", value) for value in values if re.search(r"\d", value)}
    counted = len(values) > 1 and all(re.search(r"\d", value) for value in values)
    return counted and len(units) == 1 and "" not in units and bool(head) and not re.search(r"\d", head)


def _is_bold(row: Any) -> bool:
    runs = [run for run in row.iter(f"{_W}r") if run.findtext(f"{_W}t", "").strip()]
    return bool(runs) and all(_is_on(run, "b") for run in runs)


def _explain(tree: Any) -> None:
    """Say what a footnote says where it is referred to."""
    for reference in [*tree.xpath("//a[starts-with(@href, '#footnote-') or starts-with(@href, '#endnote-')]")]:
        if "-ref-" in reference.get("href"):
            continue
        notes = tree.xpath("//li[@id=$id]", id=reference.get("href")[1:])
        words = " ".join(notes[0].text_content().replace("↑", " ").split()) if notes else ""
        for child in [*reference]:
            reference.remove(child)
        reference.text, reference.tag = f" ({words})" if words else "", "span"
        reference.attrib.clear()
    for note in [*tree.xpath("//li[starts-with(@id, 'footnote-') or starts-with(@id, 'endnote-')]")]:
        _drop(note)
