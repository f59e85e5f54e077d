"""Read an examination and mark it: the one place where an answer meets its key, for the gate and for every page."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import get_args

import numpy as np

from steps.examine.replies import AnchorReply, Examination, ProbeReply, TokenScores
from steps.marking import answer_length, equals, holds, right
from steps.records import AnchorAnswer, Answer
from steps.workspace import read_records, write_records

_REPLIES, _COMPARED, _LOOSE = 10, 200, 0.2  # at least, at most; the share in which a key may stand by chance


def read_examination(folder: Path) -> Examination:
    """Read the files of an examination; what is not there has no rows.

    Raises:
        ValueError: a line is not such a row.
    """
    found = Examination()
    for part in fields(found):
        path = folder / f"{part.name}.jsonl"
        if path.is_file():
            setattr(found, part.name, read_records(path, get_args(part.type)[0]))
    return found


def write_examination(folder: Path, found: Examination) -> None:
    """Write the files of an examination; what has no rows is an empty file."""
    for part in fields(found):
        write_records(folder / f"{part.name}.jsonl", getattr(found, part.name))


def marked(rows: Iterable[ProbeReply]) -> list[Answer]:
    """Mark what was said to probes, each by the key in its own row."""
    return [
        Answer(
            **row.model_dump(exclude={"key", "scored", "correct", "min_token_prob"}),
            correct=right(row.answer, row.key) if row.correct is None else row.correct,
            min_token_prob=row.min_token_prob if row.scored is None else _best(row.scored, row.key),
        )
        for row in rows
    ]


def loose_keys(rows: Iterable[ProbeReply]) -> set[str]:
    """The probes whose keys hold in much of what the base says to other questions: to meet them is no answer.

    At least ``_REPLIES`` replies to questions with another key are needed to tell.
    """
    said = [row for row in rows if row.model == "base" and row.condition == "closed" and row.answer]
    found = set()
    for row in said:
        others = [other.answer for other in said[:_COMPARED] if other.key != row.key and other.id != row.id]
        if row.key and len(others) >= _REPLIES:
            met = sum(right(reply, row.key) for reply in others)
            if met > _LOOSE * len(others):
                found.add(row.id)
    return found


def marked_anchors(rows: Iterable[AnchorReply]) -> list[AnchorAnswer]:
    """Mark what was said to anchor items.

    The score of an item with options is the probability of the right one among them; otherwise 1.0 or 0.0.
    """
    found = []
    for row in rows:
        correct, score = _choice(row) if row.right_option is not None else _written(row)
        known = {"id": row.id, "ability": row.ability, "model": row.model, "answer": row.answer}
        found.append(AnchorAnswer(**known, correct=correct, score=score))
    return found


def right_replies(rows: Iterable[Answer]) -> dict[str, list[str]]:
    """Return the right replies by item, each once: of whatever model, with the document or without."""
    found: dict[str, set[str]] = {}
    for row in rows:
        if row.correct:
            found.setdefault(row.id, set()).add(row.answer)
    return {item: sorted(replies) for item, replies in found.items()}


def unscored(rows: Sequence[ProbeReply], replies: Mapping[str, Sequence[str]]) -> list[ProbeReply]:
    """Return rows that lack one of the right ``replies``: keys or marking changed after the model was asked."""
    return [
        row
        for row in rows
        if row.scored is not None and not set(replies.get(row.id, ())) <= {one.reply for one in row.scored}
    ]


def _best(scored: Iterable[TokenScores], key: tuple[str, ...]) -> float:
    """The probability of the least probable token on the way to the answer's end, of the reply where it is highest."""
    found = []
    for one in scored:
        if holds(one.reply, key):
            length = answer_length(one.text or one.reply, one.ends, key)
            found.append(float(np.exp(np.float32(min(one.log_probabilities[:length])))))
    return max(found, default=0.0)


def _choice(row: AnchorReply) -> tuple[bool, float]:
    totals = np.array(row.log_likelihoods)
    shares = np.exp(totals - totals.max())
    return bool(totals.argmax() == row.right_option), float(shares[row.right_option] / shares.sum())


def _written(row: AnchorReply) -> tuple[bool, float]:
    if row.correct is not None and row.score is not None:
        return row.correct, row.score
    is_right = equals(row.answer, row.key) if row.exact else holds(row.answer, row.key)
    return is_right, float(is_right)
