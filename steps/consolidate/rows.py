"""Which examples make up each optimiser step: facts in balance, earlier nights and rehearsal in turn."""

import math
import random

from steps.consolidate.examples import Example
from steps.model.packing import pack


def plan_rows(
    examples: list[Example],
    *,
    epochs: int,
    per_fact: int,
    rehearsal_fraction: float,
    replay: float,
    batch_tokens: int,
    seed: int,
    packed: bool,
) -> list[list[int]]:
    """Return the examples of every optimiser step: each epoch a new order, each row full.

    An epoch asks for every fact up to ``per_fact`` times, its wordings taking turns, so that none is learned at the
    expense of another. Of the rehearsal it holds ``rehearsal_fraction``, in turns, too, and for each of all these at
    most ``replay`` examples of earlier nights, whose rehearsal takes turns with tonight's. What follows another example
    (the rejected side of a pair, a later turn of a talk) comes right after it.

    Depends on the arguments alone, so that a resumed run walks the same rows.
    """
    earlier = [n for n, e in enumerate(examples) if e.replay and not e.rehearsal and not e.follows]
    general = 0  # how much rehearsal is tonight's
    by_fact: dict[str | None, list[int]] = {}
    for n, example in enumerate(examples):
        if not example.follows and (example.rehearsal or not example.replay):
            by_fact.setdefault(example.fact, []).append(n)
            general += example.rehearsal and not example.replay
    for fact, numbers in [("earlier", earlier), *by_fact.items()]:
        random.Random(f"{seed}-{fact}").shuffle(numbers)
    units: list[list[int]] = []
    for n, example in enumerate(examples):
        units.append(units[-1] if example.follows else [])
        units[-1].append(n)
    costs = [_cost([examples[m].sequence for m in unit], packed=packed) for unit in units]
    shared = _common_prefix(examples) if packed else 0
    rows: list[list[int]] = []
    for epoch in range(epochs):
        order: list[int] = []
        for fact, numbers in by_fact.items():
            share = math.ceil(rehearsal_fraction * general) if fact is None else min(per_fact, len(numbers))
            order += _in_turn(numbers, epoch, share)
        order += _in_turn(earlier, epoch, min(len(earlier), round(replay * len(order))))
        random.Random(f"{seed}-{epoch}").shuffle(order)
        rows += _full_rows(order, costs, batch_tokens=batch_tokens, shared=shared)
    return [[m for n in row for m in units[n]] for row in rows]


def _cost(sequences: list[tuple[int, ...]], *, packed: bool) -> int:
    """Tokens of what stands together in a row; what it shares is computed once where rows are packed."""
    if len(sequences) == 1 or not packed:
        return sum(map(len, sequences))
    return len(pack(sequences).ids)


def _in_turn(numbers: list[int], epoch: int, share: int) -> list[int]:
    return [numbers[(epoch * share + n) % len(numbers)] for n in range(share)]


def _full_rows(order: list[int], costs: list[int], *, batch_tokens: int, shared: int) -> list[list[int]]:
    """Cut an order into rows of at most ``batch_tokens``; the ``shared`` first tokens of all cost once a row."""
    rows: list[list[int]] = []
    used = batch_tokens + 1
    for number in order:
        cost = costs[number] - shared
        if used + cost > batch_tokens:
            rows.append([])
            used = shared
        rows[-1].append(number)
        used += cost
    return rows


def _common_prefix(examples: list[Example]) -> int:
    first, last = min(e.sequence for e in examples), max(e.sequence for e in examples)
    return next((n for n, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last)))
