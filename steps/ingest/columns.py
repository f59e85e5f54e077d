"""Columns of a table that its head calls secret: Markdown, HTML, and values separated by commas, semicolons or tabs."""

import re
from collections.abc import Iterator

from steps.ingest.labels import CODES, KEYS, PASSWORDS, PHRASES

Cell = tuple[int, int]

_HEAD = re.compile(
    rf"[\W_]*(?:[\w./]{{1,20}}[ /-]){{0,3}}(?:{PASSWORDS}|{PHRASES}|{KEYS}|{CODES}"
    r"|(?:access|secret|licen[cs]e|recovery|wi-?fi)[ -]?code)s?(?: \([^()]{1,20}\))?[\s*_`\"':]*",
    re.IGNORECASE,
)
# A head as it is called in a database or a program: wifi_password, wifiPassword.
_LONGEST = 200
_JOINT = re.compile(r"\\?_|\\(?=\W)|(?<=[a-z])(?=[A-Z])")
# What a cell says when it holds no secret.
_NOTHING = re.compile(
    r"\W*|n/?a|none|no|yes|optional|required|empty|unchanged|default|changed|hidden|ask|see|tbd|unknown|\*+"
    r"|\[[A-Z]+\]"
    r"|\d{1,2}|(?:str|string|int|text|boolean)",
    re.IGNORECASE,
)
_ODD = re.compile(r"\d|[!#$%^&*+=~?]\S")
_ROW = re.compile(r"<tr\b[^>]{0,200}>(.{0,4000}?)(?=</tr|<tr|</table|\Z)", re.DOTALL | re.IGNORECASE)
_CELL = re.compile(r"<t[hd]\b[^>]{0,200}>\s*(?:<\w{1,10}>)?([^<]{0,400})", re.IGNORECASE)
_END = re.compile(r"</table", re.IGNORECASE)


def columns(text: str) -> Iterator[tuple[int, int]]:
    """Yield the (start, end) of every cell in a column that is called a password, a PIN or the like."""
    for rows in (_html(text), *(_separated(text, sign) for sign in "|\t;,")):
        secret: list[int] = []
        width = 0
        for cells in rows:
            if len(cells) == 2 and is_secret(text[slice(*cells[0])]) and _ODD.search(text[slice(*cells[1])]):
                yield from (found for found in [_held(text, cells[1])] if found)
            elif len(cells) != width:  # the head of a table
                secret = [i for i, cell in enumerate(cells) if len(cells) > 1 and is_secret(text[slice(*cell)])]
            else:
                yield from (found for i in secret if (found := _held(text, cells[i])))
            width = len(cells)


def is_secret(head: str) -> bool:
    """Whether the head of a column, or a key of JSON, calls what stands under it a password, a PIN or the like."""
    return len(head) < _LONGEST and _HEAD.fullmatch(_JOINT.sub(" ", head)) is not None


def _html(text: str) -> Iterator[list[Cell]]:
    last = 0
    for row in _ROW.finditer(text):
        if _END.search(text, last, row.start()):
            yield []
        last = row.end()
        yield [cell.span(1) for cell in _CELL.finditer(text, *row.span(1))]


def _separated(text: str, sign: str) -> Iterator[list[Cell]]:
    """Yield the cells of each line; none where a line is no row of a table."""
    position = 0
    for line in text.split("\n"):
        start, end = position, position + len(line)
        position = end + 1
        listed = sign in ",;" and line.rstrip().endswith((".", "?", "!"))  # a sentence that counts things up
        if sign not in line or listed or len(line) > 2000:
            yield []
            continue
        if sign == "|" and re.fullmatch(r"[\s|:+-]+", line):
            continue
        cells, at = [], start
        for part in line.split(sign):
            cells.append((at, at + len(part)))
            at += len(part) + 1
        yield cells


def _held(text: str, cell: Cell) -> Cell | None:
    """The cell without what surrounds its value, or None if there is none: a rule, a word, nothing."""
    start, end = cell
    while start < end and text[start] in " \t\r\"'`*":
        start += 1
    while end > start and text[end - 1] in " \t\r\"'`*":
        end -= 1
    value = text[start:end]
    one = not re.search(r"\s", value) or re.search(r"[a-z]\d|\d[a-z]|[!#$%^&]", value)
    return (start, end) if one and 3 <= len(value) <= 120 and not _NOTHING.fullmatch(value) else None
