"""Questions about tables: each cell by what names its row, and each row by its other telling cells."""

import re
from collections.abc import Iterator
from itertools import groupby

from steps.ingest.redact import PLACEHOLDER
from steps.kinds.document.blocks import Block
from steps.kinds.document.forms import Form, asked_at, filled, place_of, section_of, short
from steps.kinds.document.languages import templates
from steps.kinds.document.values import asked_in_place

_ORDINAL = re.compile(r"#?\d{1,3}[.)]?")
_LONG = 60  # a cell that a person would not quote
_EMPTY = re.compile(r"[\W_]*")


def row_forms(title: str, blocks: list[Block], *, language: str = "en") -> Iterator[tuple[Block, Form]]:
    """Yield what the tables among ``blocks`` can be asked, with the row of each, unchecked."""
    rows = [block for block in blocks if block.kind == "row" and len(block.cells) > 1]
    for _, group in groupby(rows, key=lambda row: (row.path, row.under, tuple(head for head, _ in row.cells))):
        table = list(group)
        names = _naming(table)
        counting = [c for c in range(len(table[0].cells)) if _counts([row.cells[c][1] for row in table])]
        for row in table:
            for form in _of_row(title, row, names, language, counting):
                if not PLACEHOLDER.search(form.statement):
                    yield row, form


def _naming(table: list[Block]) -> list[int]:
    """The columns whose cells tell the rows apart, the one that names a row first."""
    found = []
    for column in range(len(table[0].cells)):
        cells = [row.cells[column][1].casefold() for row in table]
        if len(set(cells)) == len(cells) and not _counts(cells):
            found.append(column)
    return found or [0]


def _counts(cells: list[str]) -> bool:
    """Whether a column only numbers its rows, and so names nothing."""
    numbers = [int(re.sub(r"[^0-9]", "", cell)) for cell in cells if _ORDINAL.fullmatch(cell)]
    return len(cells) > 1 and numbers in (list(range(len(cells))), list(range(1, len(cells) + 1)))


def _of_row(title: str, row: Block, names: list[int], language: str, counting: list[int]) -> Iterator[Form]:
    known = templates()[language]
    section = section_of(row.hangs_on)
    told = place_of(title, f'"{section}"' if row.under else section, known)
    first = names[0]
    head, key = row.cells[first]
    for column, (name, cell) in enumerate(row.cells):
        if column == first or column in counting or not name or _EMPTY.fullmatch(cell) or "://" in cell:
            continue
        asked = {**told, "head": head, "key": key, "column": name, "cell": cell}
        yield filled(known["row"], asked, span=cell)
        if len(re.findall(r"[^\W\d_]{2,}", cell)) > 1:  # a value alone is asked for by its column
            place = f"{told['place']}, {key}, {name}"
            for one in asked_in_place(cell, language):
                ways = asked_at(place, one.question, known)
                yield Form(short(ways), known["row"]["say"].format(**asked), one.value)
        telling = column in names and re.search(r"[^\W\d_]{3}", cell) and len(cell) < _LONG
        if telling and head and key.casefold() not in cell.casefold():
            yield filled(known["back"], asked, span=key)
