"""JSON, CSV and Parquet as plain values, with limits: nothing deep, no huge number, no name twice."""

import csv
import io
import json
import math
from collections.abc import Iterator
from typing import Any

from steps.ingest.encodings import decoded
from steps.kinds.entry import RecordRejected

TABLES = (".json", ".csv", ".tsv", ".parquet")
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


def _csv(text: str, *, delimiter: str | None) -> Iterator[dict[str, str]]:
    head = text.split("\n", 1)[0]
    mark = delimiter or max(",;\t|", key=head.count)
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=mark)
    if not reader.fieldnames or len(reader.fieldnames) < 2 or len(set(reader.fieldnames)) < len(reader.fieldnames):
        raise RecordRejected("not_a_table", "its first line does not name its columns: write their names there")
    try:
        for row in reader:
            yield {str(key): value for key, value in row.items() if key is not None and isinstance(value, str)}
    except csv.Error as error:
        raise RecordRejected("not_a_table", f"the table cannot be read ({error})") from None


def _parquet(content: bytes) -> Iterator[dict[str, Any]]:
    import pyarrow
    import pyarrow.parquet

    try:
        yield from pyarrow.parquet.read_table(io.BytesIO(content)).to_pylist()
    except (pyarrow.ArrowException, OSError):
        raise RecordRejected("not_a_table", "it is no Parquet file, or a damaged one: export it again") from None


def load(text: str) -> Any:
    """Return the JSON value of a whole text.

    Raises:
        RecordRejected: as ``load_object``.
    """
    try:
        value = json.loads(text, object_pairs_hook=_pairs, parse_int=_int, parse_float=_float, parse_constant=_constant)
    except RecursionError:
        raise RecordRejected("too_deep", f"the JSON is nested more than {MAX_DEPTH} levels deep") from None
    except json.JSONDecodeError as error:
        said = f"{error.msg.lower()} at line {error.lineno} column {error.colno}"
        raise RecordRejected("not_json", f"the file is not JSON: {said}") from None
    except ValueError as error:
        raise RecordRejected("not_json", f"the file is not plain JSON: {error}") from None
    return value


def load_object(line: str) -> dict[str, Any]:
    """Return the JSON object on a line.

    Raises:
        RecordRejected: it is not JSON, no object, nested too deeply, names a key twice, or holds NaN or a huge number.
    """
    try:
        value = json.loads(line, object_pairs_hook=_pairs, parse_int=_int, parse_float=_float, parse_constant=_constant)
    except RecursionError:
        raise RecordRejected("too_deep", f"the JSON is nested more than {MAX_DEPTH} levels deep") from None
    except json.JSONDecodeError as error:
        raise RecordRejected("not_json", f"the line is not JSON: {error.msg.lower()} at column {error.colno}") from None
    except ValueError as error:
        raise RecordRejected("not_json", f"the line is not plain JSON: {error}") from None
    if not isinstance(value, dict):
        raise RecordRejected("not_a_record", "the line is not a JSON object")
    level: list[Any] = [value]
    for _ in range(MAX_DEPTH):
        inner = (item.values() if isinstance(item, dict) else item for item in level)
        level = [item for items in inner for item in items if isinstance(item, dict | list)]
        if not level:
            return value
    raise RecordRejected("too_deep", f"the JSON is nested more than {MAX_DEPTH} levels deep")


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
