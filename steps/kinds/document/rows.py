"""Questions about tables: each cell by what names its row, and each row by its other telling cells."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from typing import Any

from steps.ingest.redact import PLACEHOLDER
from steps.kinds.document.blocks import Block
from steps.kinds.document.forms import Form, asked_at, filled, place_of, section_of, short
from steps.kinds.document.languages import templates
from steps.kinds.document.values import asked_in_place

Column = tuple[str, int]  # its head, and which of those with this head it is
_ORDINAL = re.compile(r"#?\d{1,3}[.)]?")
_LONG = 60  # a cell that a person would not quote
_EMPTY = re.compile(r"[\W_]*")


def row_forms(title: str, blocks: list[Block], *, language: str = "en") -> Iterator[tuple[Block, Form]]:
    """Yield what the tables among ``blocks`` can be asked, with the row of each, unchecked."""
    for table in _tables(block for block in blocks if block.kind == "row" and len(block.cells) > 1):
        cells = [_columns(row) for row in table]
        heads = [*dict.fromkeys(column for row in cells for column in row)]
        names = _naming(cells, heads)
        counting = {column for column in heads if _counts([row.get(column, "") for row in cells])}
        for row in table:
            for form in _of_row(title, row, names, language, counting):
                if not PLACEHOLDER.search(form.statement):
                    yield row, form


def _tables(rows: Iterable[Block]) -> list[list[Block]]:
    """Rows by their table. An empty cell is not in its row, so that rows of one table may have different heads."""
    found: list[list[Block]] = []
    heads: set[Column] = set()
    for row in rows:
        own = set(_columns(row))
        if found and found[-1][-1].path == row.path and 2 * len(own & heads) >= len(own):
            found[-1].append(row)
            heads |= own
        else:
            found.append([row])
            heads = own
    return found


def _columns(row: Block) -> dict[Column, str]:
    """The cells of a row by the head of their column, and which one of that name it is."""
    seen = Counter[str]()
    found: dict[Column, str] = {}
    for head, cell in row.cells:
        found[head, seen[head]] = cell
        seen[head] += 1
    return found


def _naming(table: list[dict[Column, str]], heads: list[Column]) -> list[Column]:
    """The columns whose cells tell the rows apart, the one that names a row first; none has an empty cell."""
    found = []
    for column in heads:
        cells = [row[column].casefold() for row in table if column in row]
        if len(cells) == len(table) == len(set(cells)) and not _counts(cells):
            found.append(column)
    return found


def _counts(cells: list[str]) -> bool:
    """Whether a column only numbers its rows, and so names nothing."""
    numbers = [int(re.sub(r"[^0-9]", "", cell)) for cell in cells if _ORDINAL.fullmatch(cell)]
    return len(cells) > 1 and numbers in (list(range(len(cells))), list(range(1, len(cells) + 1)))


def _of_row(title: str, row: Block, names: list[Column], language: str, counting: Collection[Column]) -> Iterator[Form]:
    known = templates()[language]
    section = section_of(row.hangs_on)
    told = place_of(title, f'"{section}"' if row.under else section, known)
    cells = _columns(row)
    first = names[0] if names else next(iter(cells))
    head, key = first[0], cells[first]
    for column, cell in cells.items():
        name = column[0]
        if column == first or column in counting or not name or _EMPTY.fullmatch(cell) or "://" in cell:
            continue
        stiff, nameless = _is_stiff(name, known), _is_stiff(head, known)
        asked = {**told, "head": "" if nameless else head, "key": key, "column": name, "cell": cell}
        yield filled(_worded(known["row"], stiff=stiff), asked, span=cell)
        if len(re.findall(r"[^\W\d_]{2,}", cell)) > 1:  # a value alone is asked for by its column
            place = f"{told['place']}, {key}, {name}"
            for one in asked_in_place(cell, language):
                ways = asked_at(place, one.question, known)
                yield Form(short(ways), known["row"]["say"].format(**asked), one.value)
        telling = column in names and re.search(r"[^\W\d_]{3}", cell) and len(cell) < _LONG
        if telling and head and key.casefold() not in cell.casefold():
            yield filled(_worded(known["back"], stiff=stiff or nameless), asked, span=key)


def _is_stiff(head: str, known: dict[str, Any]) -> bool:
    """Whether a head is no noun: nobody asks for "the Bought of" or "which What"."""
    return re.fullmatch(known["row"].get("verbs", "(?!)"), head, re.IGNORECASE) is not None


def _worded(template: dict[str, Any], *, stiff: bool) -> dict[str, Any]:
    """A template with its wordings for a head that is no noun, where it has some."""
    return {**template, "ask": template.get("verbal", template["ask"])} if stiff else template
