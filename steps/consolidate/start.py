"""Where a night's training starts: the champion's adapter, or the base in a deep sleep.

To go on from the champion costs the same every night, with a wording of each of some earlier facts, others every night.
A deep sleep rebuilds the adapter from all dreams: it costs what all remembered nights cost, and more of what the base
could do (docs/log.md).
"""

import random
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from steps.consolidate.examples import fact_of
from steps.records import Dream


@dataclass(frozen=True)
class Start:
    """The adapter that serves, and the nights that it learned from, the last of them its own."""

    adapter: Path
    nights: tuple[str, ...]


def is_deep_sleep(nights: list[str], start: Start | None, *, every: int) -> bool:
    """Whether the adapter is rebuilt from the base on ``nights``, the last of which is tonight.

    So it is when nothing serves yet, when what serves has learned from tonight or later (a night run again), and on
    every ``every``-th night.
    """
    if start is None or not nights or max(start.nights) >= nights[-1]:
        return True
    return every > 0 and (len(nights) - 1) % every == 0


def dreamt_again(dreams: Iterable[Dream], *, facts: int, rehearsals: int, seed: str) -> list[Dream]:
    """Return one dream of each of at most ``facts`` facts, and at most so many ``rehearsals``, chosen by ``seed``."""
    choose = random.Random(seed)
    by_fact: dict[str | None, list[Dream]] = {None: []}
    for dream in dreams:
        by_fact.setdefault(fact_of(dream), []).append(dream)
    general = by_fact.pop(None)
    chosen = set(choose.sample(list(by_fact), min(facts, len(by_fact))))
    again = [choose.choice(those) for fact, those in by_fact.items() if fact in chosen]
    return again + choose.sample(general, min(rehearsals, len(general)))
