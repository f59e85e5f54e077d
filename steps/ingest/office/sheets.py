"""Workbooks as Markdown, by openpyxl: each table of each sheet with its head; formulas as their stored results."""

import io
import re
from collections import Counter
from typing import Any

from steps.ingest.markup import Converted, counted, escaped, table
from steps.ingest.office.archive import opened, properties
from steps.ingest.office.cells import shown
from steps.kinds.entry import RecordRejected

MAX_CELLS = 300_000
_BARE_NAME = re.compile(r"(?:sheet|tabelle|feuil|hoja|foglio|planilha|blad|table)\s?\d*", re.IGNORECASE)
# A formula without the result that the program had stored with it.
_UNKNOWN = re.compile(rb"(?:</f>|<f\b[^>]*/>)\s*(?:<v\s*/>|<v>\s*</v>)?\s*</c>")

Grid = list[list[str]]


def read_sheets(content: bytes) -> Converted:
    """Return what the sheets of a workbook show."""
    import openpyxl

    archive = opened(content, needs="xl/workbook.xml")
    title, modified = properties(archive)
    parts = [name for name in archive.namelist() if re.fullmatch(r"xl/worksheets/[^/]+\.xml", name)]
    texts = [archive.read(name) for name in parts]
    if sum(text.count(b"<c ") for text in texts) > MAX_CELLS:
        raise RecordRejected(
            "too_costly", f"it has more than {MAX_CELLS} cells: export its sheets as CSV, and split them"
        )
    left = Counter({"formula without a stored result": sum(len(_UNKNOWN.findall(text)) for text in texts)})
    book = openpyxl.load_workbook(io.BytesIO(content), data_only=True, keep_links=False, rich_text=True)
    pages = []
    for sheet in book.worksheets:
        if sheet.sheet_state != "visible":
            left["hidden sheet"] += 1
        elif pieces := _pieces(_regions(_grid(sheet, left))):
            pages.append((sheet.title, "\n\n".join(pieces)))
    left["chart"] = len(book.chartsheets) + sum(name.startswith("xl/charts/chart") for name in archive.namelist())
    if len(pages) == 1 and _BARE_NAME.fullmatch(pages[0][0]):
        body = pages[0][1]
    else:
        body = "\n\n".join(f"## {escaped(name)}\n\n{said}" for name, said in pages)
    many = {"formula without a stored result": "formulas without a stored result"}
    return Converted(body, title, modified, [counted(n, what, many.get(what)) for what, n in left.items() if n])


def _grid(sheet: Any, left: Counter[str]) -> Grid:
    """The visible cells as text; a cell that spans several says in each of them what it says."""
    hidden_rows = {number for number, row in sheet.row_dimensions.items() if row.hidden}
    hidden_columns = {
        number
        for column in sheet.column_dimensions.values()
        if column.hidden
        for number in range(column.min or 0, (column.max or 0) + 1)
    }
    grid = {cell.coordinate: shown(cell) for row in sheet.iter_rows() for cell in row}
    for merged in sheet.merged_cells.ranges:
        words = grid.get(merged.start_cell.coordinate, "")
        for row in merged.rows:
            for line, column in row:
                if line <= sheet.max_row and column <= sheet.max_column:
                    grid[sheet.cell(line, column).coordinate] = words
    left["hidden row"] += len(hidden_rows & set(range(1, sheet.max_row + 1)))
    left["hidden column"] += len(hidden_columns & set(range(1, sheet.max_column + 1)))
    return [
        [grid.get(cell.coordinate, "") for cell in row if cell.column not in hidden_columns]
        for number, row in enumerate(sheet.iter_rows(), start=1)
        if number not in hidden_rows
    ]


def _regions(grid: Grid) -> list[Grid]:
    """Cut a sheet where rows or columns are empty: what stands apart is a table of its own."""
    parts = _runs(grid)
    if len(parts) == 1:
        across = _runs([list(column) for column in zip(*parts[0], strict=True)])
        parts = [[list(row) for row in zip(*part, strict=True)] for part in across]
        return parts if len(parts) == 1 else [region for part in parts for region in _regions(part)]
    return [region for part in parts for region in _regions(part)]


def _runs(rows: Grid) -> list[Grid]:
    found: list[Grid] = [[]]
    for row in rows:
        if any(row):
            found[-1].append(row)
        elif found[-1]:
            found.append([])
    return [run for run in found if run]


def _pieces(regions: list[Grid]) -> list[str]:
    """The pieces of all regions; a single cell that stands alone above a table is its heading."""
    found = list[str]()
    for region, after in zip(regions, [*regions[1:], []], strict=True):
        alone = sum(map(bool, region[0])) == len(region) == 1 and sum(len(row) > 1 for row in after) > 1
        found += [_heading(next(filter(None, region[0])))] if alone else _told(region)
    return found


def _heading(line: str) -> str:
    return f"### {escaped(line)}" if len(line) < 80 and not line.endswith((".", "!", "?")) else escaped(line)


def _told(region: Grid) -> list[str]:
    """The pieces of a region: lines of one cell above its table, the table, and lines below it."""
    first = next((number for number, row in enumerate(region) if sum(map(bool, row)) > 1), len(region))
    last = max((number for number, row in enumerate(region) if sum(map(bool, row)) > 1), default=-1)
    above, body, below = region[:first], region[first : last + 1], region[max(last + 1, first) :]
    lines = [next(filter(None, row)) for row in above]
    pieces = [*map(escaped, lines[:-1]), *(map(_heading, lines[-1:]) if body else map(escaped, lines[-1:]))]
    if body:
        kept = [number for number in range(len(body[0])) if any(row[number] for row in body)]
        pieces.append(table([[row[number] for number in kept] for row in body], headed=_names_columns(body)))
    return pieces + [escaped(next(filter(None, row))) for row in below]


def _names_columns(body: Grid) -> bool:
    """Whether the first row is a head: there are others, and none of its cells is a number."""
    head = [cell for cell in body[0] if cell]
    return len(body) > 1 and not any(re.search(r"^[\d.,%€$£-]+$", cell) for cell in head)
