"""Where a night's training starts: the champion's adapter, or the base in a deep sleep.

To rebuild from the base on all nights costs more every night. To go on from the champion costs the same, and one
wording of every earlier fact, dreamt again, keeps what it knows (docs/recipe.md has both, measured).
"""

import json
import random
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from steps.consolidate.adapter import first_layer
from steps.consolidate.examples import fact_of
from steps.model.loading import Base
from steps.records import Dream
from steps.settings import ConsolidateSettings


@dataclass(frozen=True)
class Start:
    """The adapter that serves, and the last of the nights that it learned from."""

    adapter: Path
    night: str


def is_deep_sleep(nights: list[str], start: Start | None, *, every: int) -> bool:
    """Whether the adapter is rebuilt from the base on ``nights``, the last of which is tonight.

    So it is when nothing serves yet, when what serves has learned from tonight or later (a night run again), and on
    every ``every``-th night.
    """
    return start is None or not nights or start.night >= nights[-1] or (every > 0 and (len(nights) - 1) % every == 0)


def fits(start: Start, base: Base, settings: ConsolidateSettings) -> bool:
    """Whether the adapter has the shape that is trained now; after a change of settings it has not."""
    config = json.loads((start.adapter / "adapter_config.json").read_text(encoding="utf-8"))
    layers, first = base.model.config.num_hidden_layers, first_layer(base.model, settings)
    wanted = (settings.rank, settings.alpha, list(range(first, layers)) if first else None)
    return (config["r"], config["lora_alpha"], config["layers_to_transform"]) == wanted


def dreamt_again(dreams: Iterable[Dream], *, rehearsals: int, seed: str) -> list[Dream]:
    """Return one dream of every fact, one lesson in not knowing of each document, and some ``rehearsals``.

    Another ``seed`` chooses others.
    """
    by_fact: dict[str, list[Dream]] = {}
    general: list[Dream] = []
    for dream in dreams:
        if dream.rehearsal:
            general.append(dream)
        else:
            by_fact.setdefault(fact_of(dream) or str(dream.experience), []).append(dream)
    chosen = [random.Random(f"{seed} {fact}").choice(those) for fact, those in by_fact.items()]
    return chosen + random.Random(seed).sample(general, min(rehearsals, len(general)))
