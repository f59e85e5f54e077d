"""What a cell of a workbook shows: numbers, percentages, money and dates in the form that the cell gives them."""

import re
from datetime import date, datetime, time, timedelta
from typing import Any

_LITERAL = re.compile(r'"([^"]*)"|\[\$([^\]-]*)(?:-[^\]]*)?\]|\\(.)')
_MONEY = "€$£¥₹"


def shown(cell: Any) -> str:
    """Return what an openpyxl cell shows; nothing if it is struck out or an error."""
    value = cell.value
    if value is None or cell.data_type == "e" or (cell.font is not None and cell.font.strike):
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return _number(value, str(cell.number_format or "General"))
    if isinstance(value, datetime):
        day = re.search(r"[dy]", _LITERAL.sub("", str(cell.number_format)), re.IGNORECASE)
        hour = value.time() != time() or re.search(r"h", str(cell.number_format), re.IGNORECASE)
        return value.strftime("%Y-%m-%d %H:%M" if day and hour else "%H:%M" if hour else "%Y-%m-%d")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, time):
        return value.strftime("%H:%M")
    if isinstance(value, timedelta):
        return str(value)
    return _words(value)


def _words(value: Any) -> str:
    """Text, or runs of text each with its own font: struck-out runs are left out."""
    if not isinstance(value, list):
        return str(value).strip()
    runs = [
        run if isinstance(run, str) else "" if run.font is not None and run.font.strike else run.text for run in value
    ]
    return " ".join("".join(runs).split())


def _number(value: float, form: str) -> str:
    form = form.split(";")[0]
    literals = ["".join(filter(None, match.groups())) for match in _LITERAL.finditer(form)]
    pattern = _LITERAL.sub("\0", form)
    if pattern.lower() in ("general", "@", "") or not re.search(r"[0#]", pattern):
        return f"{value:.10g}" if isinstance(value, float) else str(value)
    percent = "%" in pattern
    decimals = re.search(r"\.([0#?]+)", pattern)
    if "E" in pattern:
        return f"{value:.10g}"
    said = f"{value * 100 if percent else value:.{len(decimals[1]) if decimals else 0}f}"
    zeros = re.search(r"(?:^|[^.0#?])(0{2,})(?![.,0#?])", pattern)
    if zeros and not decimals and value >= 0:  # numbers of orders and the like: 007
        said = said.zfill(len(zeros[1]))
    before, _, after = pattern.partition(re.search(r"[0#?][0#?,.]*", pattern)[0])  # type: ignore[index]
    front = "".join(literals[: before.count("\0")]).strip() or "".join(c for c in before if c in _MONEY)
    behind = "".join(literals[before.count("\0") :]).strip() or "".join(c for c in after if c in _MONEY)
    joined = f"{front} {said}" if front and front not in _MONEY else f"{front}{said}"
    return f"{joined} {'%' if percent else behind}".strip()
