"""JSON, CSV and Parquet as plain values, with limits: nothing deep, no huge number, no name twice."""

import csv
import io
import json
import math
import re
from collections.abc import Iterator
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from steps.ingest.encodings import decoded
from steps.ingest.normalise import nested_within
from steps.kinds.entry import RecordRejected

TABLES = (".json", ".csv", ".tsv", ".parquet")
_TOLD = re.compile(r"\A\"?sep=([,;\t|])\"?\r?\n", re.IGNORECASE)
NO_NAME = re.compile(r"|[\d.,%€$£+-]+|\d{4}-\d\d-\d\d.*")  # of a column: nothing, a number, a day
_JSON = ("messages", "conversations", "prompt", "completion", "chosen", "rejected", "answers", "tools", "outcome")
_ALONE = (*_JSON, "text")  # what a table may hold in its only column
MAX_DEPTH = 50
MAX_INT_DIGITS = 30


def rows_of(suffix: str, content: bytes) -> Iterator[Any]:
    """Yield the records of a table: of a JSON list, of a CSV file with a head, of a Parquet file.

    Raises:
        RecordRejected: it is none, or cannot be read.
    """
    if suffix == ".parquet":
        yield from _parquet(content)
    elif suffix == ".json":
        value = load(decoded(content)[0])
        yield from value if isinstance(value, list) else [value]
    else:
        yield from _csv(decoded(content)[0], delimiter="\t" if suffix == ".tsv" else None)


def _csv(text: str, *, delimiter: str | None) -> Iterator[Any]:
    """Rows by the names in the head; a row that has more cells than the head is yielded as a ``RecordRejected``."""
    told = _TOLD.match(text)  # how Excel names the sign between cells
    text = text[told.end() :] if told else text
    head = text.split("\n", 1)[0]
    mark = delimiter or (told[1] if told else max(",;\t|", key=head.count))
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=mark)
    names = [name.strip() for name in reader.fieldnames or []]
    if not names or len(set(names)) < len(names) or any(NO_NAME.fullmatch(name) for name in names):
        raise RecordRejected("not_a_table", "its first line does not name its columns: write their names there")
    if len(names) < 2 and names[0].lower() not in _ALONE:
        raise RecordRejected("not_a_table", "it has a single column, which is no table: save it as text")
    reader.fieldnames = names
    try:
        for row in reader:
            if any(cell.strip() for cell in row.pop(None, ())):
                yield RecordRejected(
                    "not_a_row", f"it has more cells than the head: quote what holds the sign {mark!r}"
                )
            else:
                yield {key: _cell(key, value) for key, value in row.items() if isinstance(value, str)}
    except csv.Error as error:
        raise RecordRejected("not_a_table", f"the table cannot be read ({error})") from None


def _cell(name: str, value: str) -> Any:
    """What a cell holds: messages that were written into a table are JSON."""
    if name.lower() in _JSON and value.lstrip()[:1] in ("[", "{"):
        try:
            return load(value)
        except RecordRejected:
            return value
    return value


def _parquet(content: bytes) -> Iterator[dict[str, Any]]:
    import pyarrow
    import pyarrow.parquet

    try:
        for row in pyarrow.parquet.read_table(io.BytesIO(content)).to_pylist():
            yield _as_json(row)
    except (pyarrow.ArrowException, OSError):
        raise RecordRejected("not_a_table", "it is no Parquet file, or a damaged one: export it again") from None


def _as_json(value: Any) -> Any:
    """Return a cell of a Parquet file as JSON has it: dates in ISO, decimals as numbers, no bytes, no NaN."""
    if isinstance(value, dict):
        return {str(key): _as_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_as_json(item) for item in value]
    if isinstance(value, datetime) and value.time() == time():  # how pandas keeps a day
        return value.date().isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, str | int | float | bool | None) else None


def load(text: str, *, what: str = "file") -> Any:
    """Return the JSON value of a whole file, or of a line.

    Raises:
        RecordRejected: it is not JSON, nested too deeply, names a key twice, or holds NaN or a huge number.
    """
    too_deep = RecordRejected("too_deep", f"the JSON is nested more than {MAX_DEPTH} levels deep")
    try:
        value = json.loads(text, object_pairs_hook=_pairs, parse_int=_int, parse_float=_float, parse_constant=_constant)
    except RecursionError:
        raise too_deep from None
    except json.JSONDecodeError as error:
        where = f"column {error.colno}" if what == "line" else f"line {error.lineno} column {error.colno}"
        raise RecordRejected("not_json", f"the {what} is not JSON: {error.msg.lower()} at {where}") from None
    except ValueError as error:
        raise RecordRejected("not_json", f"the {what} is not plain JSON: {error}") from None
    if isinstance(value, dict | list) and not nested_within(value, MAX_DEPTH):
        raise too_deep
    return value


def load_object(line: str) -> dict[str, Any]:
    """Return the JSON object on a line.

    Raises:
        RecordRejected: as ``load``, or it is no object.
    """
    value = load(line, what="line")
    if not isinstance(value, dict):
        raise RecordRejected("not_a_record", "the line is not a JSON object")
    return value


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({key for key, _ in pairs}) < len(pairs):
        raise ValueError("an object names the same key twice")
    # Lone surrogates (\ud800) cannot be written as UTF-8.
    return {_writable(key): _writable(value) for key, value in pairs}


def _writable(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "ignore").decode()
    return [_writable(item) for item in value] if isinstance(value, list) else value


def _int(digits: str) -> int:
    if len(digits) > MAX_INT_DIGITS:
        raise ValueError(f"a number has more than {MAX_INT_DIGITS} digits")
    return int(digits)


def _float(digits: str) -> float:
    if not math.isfinite(value := float(digits)):
        raise ValueError("a number is too large")
    return value


def _constant(name: str) -> float:
    raise ValueError(f"{name} is not a JSON number")
