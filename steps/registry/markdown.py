"""What MLflow's pages show as Markdown: cells that nobody's text can break out of, and the parts of a description."""

import html
import re
from collections.abc import Sequence

from steps.registry.audit import Entry

SEE = "See: "
DESCRIPTION_LIMIT = 5000  # the column's width in MLflow's schema; SQLite ignores it, Postgres does not
CELL_CHARS = 160
_TRAIL, _ENTRIES = "## Audit trail", 20


def cell(text: str, limit: int = CELL_CHARS) -> str:
    """One table cell of text that a model or a stranger's document wrote: no markup, no line breaks, not endless."""
    text = re.sub(r"\s+", " ", text).strip()
    text = text if len(text) <= limit else text[: limit - 4] + " ..."
    return re.sub(r"([\\`*_{}\[\]()#|!~])", r"\\\1", html.escape(text, quote=False)) or "-"


def trace_link(trace: str | None, pages: str | None, *, source: str) -> str:
    """One cell: a short name of a trace, linked where its ``pages`` are known; of what is no trace its ``source``."""
    return f"[{trace[:11]}]({pages}{trace})" if trace and pages else cell(trace or source)


def with_note(description: str, note: str) -> str:
    """Put ``note``, one line of Markdown, as a quotation before a description, in the place of an earlier one."""
    lines = description.split("\n")
    while lines and (lines[0].startswith("> ") or not lines[0]):
        lines.pop(0)
    return "\n".join([f"> {note}", "", *lines])[:DESCRIPTION_LIMIT]


def with_links(description: str, line: str) -> str:
    """Put ``line``, which begins with SEE, under the heading of a description, in the place of an earlier one."""
    lines = [old for old in description.split("\n") if not old.startswith(SEE)]
    after = 1 + next((number for number, old in enumerate(lines) if old.startswith("# ")), -1)
    rest = "\n".join(lines[after:]).lstrip("\n")
    return "\n".join([*lines[:after], "", line, "", rest]).lstrip("\n")[:DESCRIPTION_LIMIT]


def with_trail(description: str, entries: Sequence[Entry], *, page: str) -> str:
    """Put the last entries of the audit trail, newest first, at the end of the registered model's description.

    ``page``: the address of all of them.
    """
    about = description.split(_TRAIL)[0].rstrip()
    lines = [_TRAIL, f"The last {_ENTRIES}; [all of it]({page})", ""]
    lines += ["| time (UTC) | action | version | champion | author | reason |", "|---|---|---|---|---|---|"]
    rows = [_row(entry) for entry in reversed(entries[-_ENTRIES:])]
    while rows and len("\n".join([about, "", *lines, *rows])) > DESCRIPTION_LIMIT:
        rows.pop()
    return "\n".join([about, "", *lines, *rows]).lstrip()


def _row(entry: Entry) -> str:
    moved = f"{entry.before or '-'} → {entry.after}" if entry.after else "-"
    told = (entry.time[:19].replace("T", " "), entry.action, entry.version, moved, entry.author, entry.reason)
    return "| " + " | ".join(cell(text) for text in told) + " |"
