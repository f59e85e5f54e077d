"""Where a night's training starts, and what of earlier nights is dreamt of again.

To go on from the champion costs the same every night, with a wording of each of some earlier facts, others every night.
"""

import random
from collections.abc import Iterable

from transformers import AutoConfig

from steps.checkpoint import AdapterCheckpoint
from steps.consolidate.adapter import stacks
from steps.dream.lessons import fact_of
from steps.model.loading import base_folder
from steps.records import Dream
from steps.settings import Settings


def goes_on(start: AdapterCheckpoint, nights: list[str], settings: Settings) -> bool:
    """Whether the last of ``nights`` can be learned on top of ``start``; otherwise all are learned from the base.

    It cannot where that has learned from this night or a later one, or has another shape than ``settings`` ask for.
    """
    if not nights or max(start.nights, default="") >= nights[-1]:
        return False
    config = AutoConfig.from_pretrained(base_folder(settings.model), trust_remote_code=False)
    return stacks(start.adapter, config, settings.consolidate)


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
