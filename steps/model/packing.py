"""Packing: many sequences that share prefixes become one row in which each shared prefix is computed once.

A batch of questions under one system prompt, of answers under one document, of options under one question is a tree.
The row holds the tree's tokens; a 4-D attention mask lets each token see its own ancestors only, and positions count
along each path, so the result equals that of the separate sequences up to rounding. Training, scoring and dreaming
all use it. The tree mask is that of tree attention (SpecInfer, arXiv 2305.09781).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

Tokens = Sequence[int]


@dataclass(frozen=True)
class Packed:
    """One row. ``ids``, ``positions``: [T]; ``visible_mask``: [T, T] booleans; ``index[s][t]``: token t of s in it."""

    ids: np.ndarray
    positions: np.ndarray
    visible_mask: np.ndarray
    index: list[np.ndarray]


def pack(sequences: Sequence[Tokens]) -> Packed:
    """Merge the shared prefixes of ``sequences`` into one row; ``index`` keeps the order they were given in."""
    ids: list[int] = []
    positions: list[int] = []
    parents: list[int] = []
    index: list[np.ndarray] = [np.empty(0, dtype=np.int64)] * len(sequences)
    previous: list[int] = []
    where: list[int] = []
    for number in sorted(range(len(sequences)), key=lambda n: list(sequences[n])):
        tokens = list(sequences[number])
        shared = _shared(previous, tokens)
        where = where[:shared]
        for position in range(shared, len(tokens)):
            parents.append(where[-1] if where else -1)
            where.append(len(ids))
            ids.append(tokens[position])
            positions.append(position)
        index[number], previous = np.array(where, dtype=np.int64), tokens
    visible_mask = np.zeros((len(ids), len(ids)), dtype=bool)
    for token, parent in enumerate(parents):
        if parent >= 0:
            visible_mask[token] = visible_mask[parent]
        visible_mask[token, token] = True
    return Packed(np.array(ids, dtype=np.int64), np.array(positions, dtype=np.int64), visible_mask, index)


def _shared(left: Sequence[int], right: Sequence[int]) -> int:
    length = 0
    for a, b in zip(left, right, strict=False):
        if a != b:
            break
        length += 1
    return length


def group(sequences: Sequence[Tokens], *, batch_tokens: int) -> list[list[int]]:
    """Split sequences into groups of at most ``batch_tokens`` packed tokens; neighbours share prefixes.

    A sequence longer than the limit gets a group of its own. Returns the numbers of the sequences, each exactly once.
    """
    groups: list[list[int]] = []
    used = 0
    previous: list[int] = []
    for number in sorted(range(len(sequences)), key=lambda n: list(sequences[n])):
        tokens = list(sequences[number])
        cost = len(tokens) - _shared(previous, tokens)
        if not groups or used + cost > batch_tokens:
            groups.append([])
            used, cost = 0, len(tokens)
        groups[-1].append(number)
        used, previous = used + cost, tokens
    return groups
