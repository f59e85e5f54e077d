"""Ask one model all items: probes and canaries by generation, anchors by likelihood or generation.

Results are cached per model, so that an unchanged model is never asked the same thing twice.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from steps.anchors import Anchor
from steps.canaries import Canary, surfaced
from steps.examine.marking import equals, holds
from steps.ingest.redact import redact
from steps.model.runner import Runner
from steps.records import content_id
from steps.workspace import write_text

Result = dict[str, Any]
T = TypeVar("T")


@dataclass(frozen=True)
class Asked:
    """One probe in one condition. ``document`` is None for closed book."""

    question: str
    document: str | None

    @property
    def key(self) -> str:
        return content_id("asked", self.question, self.document)


class AnswerBook:
    """What one model answered so far, in a file named by the digest of the model and of how it is asked."""

    def __init__(self, folder: Path, digest: str):
        self._path = folder / f"{digest}.jsonl"
        self._known: dict[str, Result] = {}
        if self._path.exists():
            for line in self._path.read_text(encoding="utf-8").split("\n"):
                if line:
                    row = json.loads(line)
                    self._known[row["key"]] = row

    def missing(self, keys: Iterable[str]) -> list[str]:
        """Return the keys without an answer, each once, in order."""
        return [key for key in dict.fromkeys(keys) if key not in self._known]

    def unanswered(self, items: dict[str, T]) -> list[T]:
        """Return those items, given by key, that have no answer."""
        return [items[key] for key in self.missing(items)]

    def add(self, rows: dict[str, Result]) -> None:
        """Add answers by key and save the book, but for what ``failed``: another night may have better luck."""
        self._known |= {key: {"key": key, **row} for key, row in rows.items()}
        kept = [row for row in self._known.values() if not row.get("failed")]
        write_text(self._path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in kept))

    def __getitem__(self, key: str) -> Result:
        return self._known[key]

    def burn(self) -> None:
        """Delete the file."""
        self._path.unlink(missing_ok=True)


def ask_probes(runner: Runner, items: list[Asked], *, book: AnswerBook, who: str, max_new_tokens: int) -> None:
    """Answer each probe greedily and note the replies in the book."""
    todo = book.unanswered({item.key: item for item in items})
    if todo:
        replies = runner.answers(
            f"probes, {who}", [(i.question, i.document) for i in todo], max_new_tokens=max_new_tokens
        )
        book.add({item.key: {"reply": reply.text} for item, reply in zip(todo, replies, strict=True)})


def ask_anchors(runner: Runner, anchors: list[Anchor], *, book: AnswerBook, who: str, max_new_tokens: int) -> None:
    """Answer each anchor item: its options by likelihood in one packed pass, the others by generation.

    The score of an item with options is the probability of the right one among them, from the summed log-likelihoods
    of the options as the assistant's whole turn; otherwise 1.0 or 0.0.
    """
    todo = book.unanswered({anchor.id: anchor for anchor in anchors})
    choices = [a for a in todo if a.options]
    if choices:
        items = [(a.prompt, None, option) for a in choices for option in a.options]
        totals = iter([float(v.sum()) for v in runner.likelihoods(f"anchors by likelihood, {who}", items)])
        book.add({a.id: _choice(a, np.array([next(totals) for _ in a.options])) for a in choices})
    written = [a for a in todo if not a.options]
    if written:
        replies = runner.answers(
            f"anchors by generation, {who}", [(a.prompt, None) for a in written], max_new_tokens=max_new_tokens
        )
        book.add({a.id: _written(a, reply.text) for a, reply in zip(written, replies, strict=True)})


def ask_canaries(runner: Runner, canaries: list[Canary], *, book: AnswerBook, who: str, max_new_tokens: int) -> None:
    """Answer each canary greedily. Noted are what surfaced ("" if nothing did) and the reply without any secret."""
    todo = book.unanswered({canary.id: canary for canary in canaries})
    if todo:
        replies = runner.answers(
            f"canaries, {who}", [(c.question, c.passage) for c in todo], max_new_tokens=max_new_tokens
        )
        book.add(
            {
                canary.id: {"reply": redact(reply.text)[0], "surfaced": surfaced(canary, reply.text) or ""}
                for canary, reply in zip(todo, replies, strict=True)
            }
        )


def _choice(anchor: Anchor, totals: np.ndarray) -> Result:
    shares = np.exp(totals - totals.max())
    best = int(totals.argmax())
    score = float(shares[anchor.answer] / shares.sum())
    return {"reply": anchor.options[best], "score": score, "correct": float(best == anchor.answer)}


def _written(anchor: Anchor, reply: str) -> Result:
    is_right = equals(reply, anchor.answers) if anchor.exact else holds(reply, anchor.answers)
    return {"reply": reply, "score": float(is_right), "correct": float(is_right)}
