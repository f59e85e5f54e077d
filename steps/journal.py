"""Files that grow by a JSON object a line. A crash may tear the last one: it is passed over, and harms no other."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def append_row(path: Path, row: Mapping[str, Any]) -> None:
    """Append a row, on a line of its own whatever was left before it; it is on the disk when this returns.

    Raises:
        OSError: the disk is full or cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab+") as stream:
        end = stream.seek(0, os.SEEK_END)
        stream.seek(max(0, end - 1))
        torn = stream.read(1) not in (b"\n", b"")
        stream.write(b"\n" * torn + json.dumps(row, ensure_ascii=False).encode() + b"\n")
        stream.flush()
        os.fsync(stream.fileno())


def read_rows(path: Path) -> list[dict[str, Any]]:
    """Return the rows that are whole, oldest first; none if there is no such file."""
    rows = []
    for line in path.read_text(encoding="utf-8", errors="replace").split("\n") if path.exists() else []:
        try:
            row = json.loads(line)
        except ValueError:
            continue
        rows += [row] if isinstance(row, dict) else []
    return rows
