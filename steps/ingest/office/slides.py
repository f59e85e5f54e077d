"""Presentations as Markdown, by python-pptx: a heading for each slide, its lists and tables."""

import io
from collections import Counter
from collections.abc import Iterator
from typing import Any

from steps.ingest.markup import Converted, counted, escaped, table
from steps.ingest.office.archive import opened, properties

_FURNITURE = ("DATE", "FOOTER", "SLIDE_NUMBER", "HEADER")
_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"


def read_slides(content: bytes) -> Converted:
    """Return what the slides of a presentation show."""
    from pptx import Presentation

    title, modified = properties(opened(content, needs="ppt/presentation.xml"))
    left = Counter[str]()
    pages = []
    for slide in Presentation(io.BytesIO(content)).slides:
        if slide._element.get("show") in ("0", "false"):
            left["hidden slide"] += 1
            continue
        left["speaker note"] += bool(slide.has_notes_slide and _noted(slide))
        head = slide.shapes.title
        pieces = [piece for shape in slide.shapes if not _is_head(shape, head) for piece in _pieces(shape, left)]
        named = " ".join(_said(paragraph) for paragraph in head.text_frame.paragraphs) if head is not None else ""
        pages.append((" ".join(named.split()), pieces))
    return Converted(_joined(pages), title, modified, [counted(n, what) for what, n in left.items() if n])


def _joined(pages: list[tuple[str, list[str]]]) -> str:
    """The first slide's title is the presentation's; a heading that goes on over several slides stands once."""
    parts, last = list[str](), ""
    for number, (named, pieces) in enumerate(pages):
        if named and named != last:
            parts.append(f"{'#' if number == 0 else '##'} {escaped(named)}")
        last = named or last
        parts += pieces
    return "\n\n".join(parts)


def _noted(slide: Any) -> str:
    frame = slide.notes_slide.notes_text_frame
    return frame.text.strip() if frame is not None else ""


def _is_head(shape: Any, head: Any) -> bool:
    if head is not None and shape.shape_id == head.shape_id:
        return True
    return bool(shape.is_placeholder and str(shape.placeholder_format.type).split(" ")[0].split(".")[-1] in _FURNITURE)


def _pieces(shape: Any, left: Counter[str]) -> Iterator[str]:
    if shape._element.xpath("./*/p:cNvPr[@hidden='1']"):
        left["hidden shape"] += 1
    elif hasattr(shape, "shapes"):  # a group
        for inner in shape.shapes:
            yield from _pieces(inner, left)
    elif getattr(shape, "has_table", False):
        rows = [[_cell(cell) for cell in row.cells] for row in shape.table.rows]
        if any(map(any, rows)):
            yield table(rows, headed=bool(shape.table.first_row))
    elif shape.has_text_frame:
        if text := _text(shape.text_frame):
            yield text
    else:
        left["chart" if getattr(shape, "has_chart", False) else "picture"] += 1


def _cell(cell: Any) -> str:
    """What a cell says; one that another one spans says what that one says, in its row."""
    return " ".join(_said(paragraph) for paragraph in cell.text_frame.paragraphs)


def _text(frame: Any) -> str:
    """Paragraphs as a nested list, or as paragraphs if there is but one, or none is a list's."""
    said = [(paragraph.level, words) for paragraph in frame.paragraphs if (words := " ".join(_said(paragraph).split()))]
    if len(said) < 2:
        return escaped(said[0][1]) if said else ""
    lines, levels = list[str](), list[int]()
    for level, words in said:
        while levels and levels[-1] >= level:
            levels.pop()
        lines.append(f"{'  ' * len(levels)}- {escaped(words)}")
        levels.append(level)
    return "\n".join(lines)


def _said(paragraph: Any) -> str:
    """The words of a paragraph that are not struck out."""
    words = []
    for run in paragraph._p:
        struck = run.find(f"{_A}rPr")
        if struck is not None and struck.get("strike") in ("sngStrike", "dblStrike"):
            continue
        words.append(" " if run.tag == f"{_A}br" else run.findtext(f"{_A}t", ""))
    return "".join(words)
