"""Tables whose rows are no records of any form that is known: one document, each row with the heads of its columns."""

from collections.abc import Sequence
from typing import Any

from steps.ingest.loading import NO_NAME
from steps.ingest.markup import table

# Heads of records that came out wrong: to be refused by name, and not read as facts about somebody's columns.
_OURS = frozenset("messages conversations conversation chosen rejected completion completions answers".split())
_PAIRS = (
    {"kind", "text"},
    {"kind", "title"},
    {"kind", "question"},
    {"instruction", "output"},
    {"instruction", "response"},
    {"prompt", "response"},
    {"question", "answer"},
    {"from", "value"},
    {"role", "content"},
)


def as_table(rows: Sequence[Any], *, headed: bool) -> str | None:
    """Return flat rows of the same two or more columns as a Markdown table, or None if they are none.

    ``headed``: a head names the columns of all, so that a short row is one with empty cells; of others most must have
    half of the columns, or they are objects of several sorts.
    """
    if not rows or not all(isinstance(row, dict) for row in rows):
        return None
    heads = [*dict.fromkeys(str(key) for row in rows for key in row)]
    names = {head.strip().lower() for head in heads}
    if len(heads) < 2 or names & _OURS or any(pair <= names for pair in _PAIRS) or any(map(NO_NAME.fullmatch, heads)):
        return None
    if not all(_is_flat(value) for row in rows for value in row.values()):
        return None
    if not headed and sum(len(row) * 2 < len(heads) for row in rows) * 2 >= len(rows):
        return None
    return table([heads, *([_cell(row.get(head)) for head in heads] for row in rows)])


def _is_flat(value: Any) -> bool:
    return not isinstance(value, dict | list) or (
        isinstance(value, list) and not any(isinstance(item, dict | list) for item in value)
    )


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_cell, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)
