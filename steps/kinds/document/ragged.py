"""Tables of Markdown whose rows are not of one length: without help, GFM shows bars, or drops what is too much."""

import re

_CELL = re.compile(r"\s*:?-+:?\s*")
_BETWEEN = re.compile(r"(?<!\\)\|")
_FENCE = re.compile(r"\s*(?:```|~~~)")


def evened(text: str) -> str:
    """Return Markdown in which the head of a table has a cell for each of its longest row."""
    lines = text.split("\n")
    fenced, end = False, 0  # where the last table ends
    for place, line in enumerate(lines):
        fenced ^= bool(_FENCE.match(line))
        if fenced or place <= end or "|" not in lines[place - 1] or not _is_delimiter(line):
            continue
        end = next((n for n in range(place + 1, len(lines)) if "|" not in lines[n]), len(lines))
        width = max(len(_cells(row)) for row in (lines[place - 1], *lines[place + 1 : end]))
        head, rule = _cells(lines[place - 1]), _cells(line)
        if len(head) < width or len(rule) != width:
            lines[place - 1] = _row([*head, *[" "] * (width - len(head))])
            lines[place] = _row([*rule[:width], *["---"] * (width - len(rule))])
    return "\n".join(lines)


def _is_delimiter(line: str) -> bool:
    cells = _cells(line) if "|" in line and "-" in line else []
    return bool(cells) and all(_CELL.fullmatch(cell) for cell in cells)


def _cells(line: str) -> list[str]:
    inner = line.strip().removeprefix("|")
    return _BETWEEN.split(inner[:-1] if inner.endswith("|") and not inner.endswith("\\|") else inner)


def _row(cells: list[str]) -> str:
    return f"|{'|'.join(cells)}|"
