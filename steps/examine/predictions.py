"""What one model said so far, so that an unchanged model is never asked the same thing twice.

Kept are replies and likelihoods, never marks: whoever changes a key or a scorer finds the same words to mark again.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar

from steps.workspace import write_text

Prediction = dict[str, Any]
T = TypeVar("T")


class PredictionCache:
    """What one model said, in a file named by the digest of the model and of how it is asked."""

    def __init__(self, folder: Path, digest: str):
        self._path = folder / f"{digest}.jsonl"
        self._known: dict[str, Prediction] = {}
        if self._path.exists():
            for line in self._path.read_text(encoding="utf-8").split("\n"):
                if line:
                    row = json.loads(line)
                    self._known[row["key"]] = row

    def missing(self, keys: Iterable[str]) -> list[str]:
        """Return the keys without a prediction, each once, in order."""
        return [key for key in dict.fromkeys(keys) if key not in self._known]

    def unasked(self, items: dict[str, T]) -> list[T]:
        """Return those items, given by key, that have no prediction."""
        return [items[key] for key in self.missing(items)]

    def add(self, rows: dict[str, Prediction]) -> None:
        """Add predictions by key and save all, but for what ``failed``: another night may have better luck."""
        self._known |= {key: {"key": key, **row} for key, row in rows.items()}
        kept = [row for row in self._known.values() if not row.get("failed")]
        write_text(self._path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in kept))

    def __getitem__(self, key: str) -> Prediction:
        return self._known[key]

    def delete(self) -> None:
        """Delete the file."""
        self._path.unlink(missing_ok=True)
