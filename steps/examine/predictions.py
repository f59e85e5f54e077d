"""What one model said so far, so that an unchanged model is never asked the same thing twice.

Kept are replies and likelihoods, never marks: whoever changes a key or a scorer finds the same words to mark again.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar

from steps.deployment_key import same, sealed
from steps.workspace import write_text

Prediction = dict[str, Any]
T = TypeVar("T")


class PredictionCache:
    """What one model said, in a file named by the digest of the model and of how it is asked.

    ``key``: of the deployment. With one the rows bear its seal, and one that does not is asked anew: a verdict stands
    on what is remembered here for many nights.
    """

    def __init__(self, folder: Path, digest: str, *, key: bytes | None = None):
        self.path, self._digest, self._key = folder / f"{digest}.jsonl", digest, key
        self._known: dict[str, Prediction] = {}
        if self.path.exists():
            for line in self.path.read_text(encoding="utf-8").split("\n"):
                if line and (row := self._opened(line)) is not None:
                    self._known[row["key"]] = row

    def _opened(self, line: str) -> Prediction | None:
        try:
            row = json.loads(line)
            seal = row.pop("seal", "")
            return row if "key" in row and (self._key is None or same(seal, self._seal(row))) else None
        except (ValueError, AttributeError, TypeError):
            return None  # cut off or written over: asked anew

    def _seal(self, row: Prediction) -> str:
        return sealed(self._key, self._digest, row) if self._key else ""

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
        sealed_rows = [{**row, "seal": self._seal(row)} if self._key else row for row in kept]
        write_text(self.path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in sealed_rows))

    def __getitem__(self, key: str) -> Prediction:
        return self._known[key]

    def delete(self) -> None:
        """Delete the file."""
        self.path.unlink(missing_ok=True)
