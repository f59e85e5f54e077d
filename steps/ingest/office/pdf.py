"""PDF as Markdown, by pdfplumber and the layout analysis of pdfminer: headings by size, ruled tables, lists.

Lines that stand at the head or foot of most pages are no part of the text; words broken at line ends are joined.
"""

import io
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from steps.ingest.markup import Converted, counted, escaped, table
from steps.kinds.entry import RecordRejected

_BULLET = re.compile(r"^(?:[•◦▪‣●○■–-]|\uf0b7|\(cid:127\))\s*(?=\S)")
_NUMBERED = re.compile(r"^\d{1,2}[.)]\s+\S")
_RULE = re.compile(r"^[\s=\-_*~.·]{3,}$")
_ENDS = re.compile(r"[.!?:;,…]$")
_DATE = re.compile(r"^(?:D:)?(\d{4})(\d{2})?(\d{2})?(\d{2})?(\d{2})?(\d{2})?(?:([+-]\d{2})'?(\d{2})'?|Z)?")
LARGER = 1.15  # times the size of most letters: a heading
EDGE = 0.09  # of the page's height, above and below: where running heads stand
MIN_LETTERS = 20  # a page with fewer says nothing; a file with fewer is a scan
LEVELS = 3
GUTTER, NARROW = 8.0, 0.25  # points between two columns; of the page's width, what a column has at least


@dataclass
class _Line:
    """A line of text: how large its letters are, in which paragraph it is (page, box), whether at the page's edge."""

    text: str
    size: float
    bold: bool
    box: tuple[int, int]
    edge: bool
    table: bool = False


def read_pdf(content: bytes) -> Converted:
    """Return what the pages of a file say."""
    import pdfplumber
    from pdfminer.pdfdocument import PDFPasswordIncorrect
    from pdfplumber.utils.exceptions import PdfminerException

    try:
        with pdfplumber.open(io.BytesIO(content), laparams={}) as document:
            pages = []
            for number, page in enumerate(document.pages):
                pages.append((_lines(page, number), bool(page.images)))
                page.close()
            about = {name: str(value or "") for name, value in (document.metadata or {}).items()}
    except (PDFPasswordIncorrect, PdfminerException) as error:
        if isinstance(error, PDFPasswordIncorrect) or any(isinstance(a, PDFPasswordIncorrect) for a in error.args):
            raise RecordRejected("locked", "it is protected by a password: save it without") from None
        raise
    lines = [line for found, _ in pages for line in found]
    text = "".join(line.text for line in lines)
    _check(text, pages)
    scans = sum(pictured and sum(len(line.text) for line in found) < MIN_LETTERS for found, pictured in pages)
    notes = [counted(scans, "page that is a picture", "pages that are pictures")] if scans else []
    return Converted(
        _body(_without_running([found for found, _ in pages])), about.get("Title", ""), _modified(about), notes
    )


def _check(text: str, pages: list[Any]) -> None:
    if sum(map(str.isalnum, text)) < MIN_LETTERS and any(pictured for _, pictured in pages):
        raise RecordRejected(
            "no_text", "it is a scan, a picture without text: run `ocrmypdf FILE.pdf FILE-text.pdf` first"
        )
    unread = len(re.findall(r"\(cid:\d+\)|\ufffd", text))
    if unread * 20 > len(text.split()) + 1:
        how = "run `ocrmypdf --force-ocr FILE.pdf FILE-text.pdf` first"
        raise RecordRejected("no_text", f"its letters have no meaning on record, only shapes: {how}")


def _modified(about: dict[str, str]) -> str:
    match = _DATE.match(about.get("ModDate") or about.get("CreationDate") or "")
    if not match:
        return ""
    year, month, day, hour, minute, second, zone, rest = match.groups()
    offset = f"{zone}:{rest or '00'}" if zone else "+00:00"
    return f"{year}-{month or '01'}-{day or '01'}T{hour or '00'}:{minute or '00'}:{second or '00'}{offset}"


def _lines(page: Any, number: int) -> list[_Line]:
    """The lines of a page in reading order, a ruled table as one of them."""
    tables = [found for found in page.find_tables() if len(found.rows) > 1 and len(found.rows[0].cells) > 1]
    boxes = page.objects.get("textboxhorizontal", [])
    letters = defaultdict(list)
    for letter in page.chars:
        letters[int(letter["top"] + letter["bottom"]) // 2].append(letter)
    found, told = list[_Line](), set[int]()
    frames = [dict(zip(("x0", "top", "x1", "bottom"), one.bbox, strict=True)) for one in tables]
    for box, row in _rows(page.objects.get("textlinehorizontal", []), boxes, frames, width=float(page.width)):
        inside = next((n for n, one in enumerate(tables) if _within(row[0], one.bbox)), None)
        words = " ".join(" ".join(str(line["text"]) for line in row).split())
        if inside is not None:
            if inside not in told:
                told.add(inside)
                found.append(_Line(_table(tables[inside]), 0, False, (number, -1 - inside), False, True))
        elif words and not _RULE.match(words):
            last = row[-1]  # not the mark of a list, which may be of another font
            near = range(int(last["top"]) - 1, int(last["bottom"]) + 2)
            own = [c for place in near for c in letters.get(place, ()) if _within(c, _bbox(last))]
            sizes = Counter(round(c["size"] * 2) / 2 for c in own).most_common(1)
            bold = bool(own) and all("bold" in str(c["fontname"]).lower() for c in own if str(c["text"]).strip())
            edge = last["top"] < EDGE * page.height or last["bottom"] > (1 - EDGE) * page.height
            found.append(_Line(words, sizes[0][0] if sizes else 0, bold, (number, box), edge))
    return found


def _rows(lines: list[Any], boxes: list[Any], frames: list[Any], *, width: float) -> Iterator[tuple[int, list[Any]]]:
    """Yield lines in reading order, those of one height together; with the number of the paragraph that they are in."""
    owned, boxes = defaultdict(list), [*boxes]
    for line in lines:
        number = next((n for n, box in enumerate(boxes) if _within(line, _bbox(box))), len(boxes))
        owned[number].append(line)
        if number == len(boxes):  # a line that is in none
            boxes.append(line)
    places = {id(box): number for number, box in enumerate(boxes)}
    for part in _parts([*boxes, *frames], width):  # a table may lie across the columns
        mine = [(place, line) for box in part if (place := places.get(id(box))) is not None for line in owned[place]]
        mine.sort(key=lambda one: (one[1]["top"] + one[1]["bottom"]) / 2)
        row: list[tuple[int, Any]] = []
        for one in [*mine, None]:
            if row and (one is None or one[1]["top"] > (row[-1][1]["top"] + row[-1][1]["bottom"]) / 2):
                row.sort(key=lambda pair: pair[1]["x0"])
                yield row[-1][0], [line for _, line in row]
                row = []
            row += [one] if one else []


def _parts(boxes: list[Any], width: float) -> list[list[Any]]:
    """Cut a page along its gutters (recursive X-Y cut, Nagy and Seth 1984): columns are read one after the other.

    A gutter between narrow pieces is none: they are the marks of a list, or the columns of a table without lines.
    """
    across = _cut(boxes, "x0", "x1", GUTTER)
    wide = [max(box["x1"] for box in part) - min(box["x0"] for box in part) > NARROW * width for part in across]
    if len(across) > 1 and all(wide):
        return [found for part in across for found in _parts(part, width)]
    down = _cut(boxes, "top", "bottom", 0)
    if len(down) > 1:
        return [found for part in down for found in _parts(part, width)]
    return [boxes] if boxes else []


def _cut(boxes: list[Any], start: str, end: str, least: float) -> list[list[Any]]:
    found: list[list[Any]] = []
    reach = float("-inf")
    for box in sorted(boxes, key=lambda box: box[start]):
        if not found or box[start] - reach > least:
            found.append([])
        found[-1].append(box)
        reach = max(reach, box[end])
    return found


def _bbox(box: Any) -> tuple[float, float, float, float]:
    return box["x0"], box["top"], box["x1"], box["bottom"]


def _within(one: Any, box: tuple[float, float, float, float]) -> bool:
    across, down = (one["x0"] + one["x1"]) / 2, (one["top"] + one["bottom"]) / 2
    return box[0] - 1 <= across <= box[2] + 1 and box[1] - 1 <= down <= box[3] + 1


def _table(found: Any) -> str:
    rows = [[" ".join((cell or "").split()) for cell in row] for row in found.extract()]
    return table([row for row in rows if any(row)])


def _without_running(pages: list[list[_Line]]) -> list[_Line]:
    """Leave out what stands at the edge of most pages, but for its numbers."""
    seen = Counter(key for page in pages for key in {_folded(line) for line in page if line.edge})
    most = max(3, len(pages) // 2)
    lines = [line for page in pages for line in page]
    return [line for line in lines if not line.edge or (seen[_folded(line)] < most and not _is_number(line.text))]


def _folded(line: _Line) -> str:
    return re.sub(r"\d+", "0", line.text.casefold())


def _is_number(text: str) -> bool:
    return bool(
        re.fullmatch(
            r"(?:page|seite|p\.)?\s*[-–]?\s*\d{1,4}(?:\s*(?:/|of|von|de)\s*\d{1,4})?\s*[-–]?", text, re.IGNORECASE
        )
    )


def _body(lines: list[_Line]) -> str:
    from steps.kinds.document.plain import joined

    sizes = Counter[float]()
    for line in lines:
        if not line.table:
            sizes[line.size] += len(line.text)
    usual = sizes.most_common(1)[0][0] if sizes else 0.0
    large = sorted({line.size for line in lines if line.size > usual * LARGER and not line.table}, reverse=True)
    levels = {size: min(place, LEVELS) for place, size in enumerate(large, start=1)}
    parts, last = list[str](), None
    for line in lines:
        level = 0 if line.table else levels.get(line.size, 0)
        alone = line.bold and sum(other.box == line.box for other in lines if other.bold) == 1 and len(line.text) < 80
        if not level and alone and not _ENDS.search(line.text) and line.text[:1].isalnum() and line.size == usual:
            level = min(len(large), LEVELS) + 1
        item = _BULLET.match(line.text)
        goes_on = last is not None and last.box == line.box
        if line.table:
            parts.append(f"\n{line.text}\n")
        elif level:
            same = goes_on and last is not None and last.size == line.size and parts[-1].startswith("\n#")
            if same:
                parts[-1] = f"{parts[-1].rstrip()} {escaped(line.text)}\n"
            else:
                parts.append(f"\n{'#' * level} {escaped(line.text)}\n")
        elif item:
            parts.append(f"- {escaped(line.text[item.end() :])}")
        elif _NUMBERED.match(line.text):
            parts.append(line.text[: line.text.index(" ") + 1] + escaped(line.text[line.text.index(" ") + 1 :]))
        else:
            parts.append(escaped(line.text) if goes_on else f"\n{escaped(line.text)}")
        last = line
    return joined("\n".join(parts).split("\n"))
