"""Where a night's training starts, and what of earlier nights is dreamt of again.

To go on from the champion costs the same every night, with a wording of each of some earlier facts, others every night.
Half of it is of what lies nearest: taught that one ferry has 41 cabins, a model says so of the other ferry, too.
"""

import math
import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import zip_longest

from transformers import AutoConfig

from steps.checkpoint import AdapterCheckpoint
from steps.consolidate.adapter import stacks
from steps.dream.lessons import fact_of
from steps.model.loading import base_folder
from steps.records import Dream
from steps.sentences import stems
from steps.settings import Settings

_WORDINGS = 4  # of one near fact


def goes_on(start: AdapterCheckpoint, nights: list[str], settings: Settings) -> bool:
    """Whether the last of ``nights`` can be learned on top of ``start``; otherwise all are learned from the base.

    It cannot where that has learned from this night or a later one, or has another shape than ``settings`` ask for.
    """
    if not nights or max(start.nights, default="") >= nights[-1]:
        return False
    config = AutoConfig.from_pretrained(base_folder(settings.model), trust_remote_code=False)
    return stacks(start.adapter, config, settings.consolidate)


def dreamt_again(
    dreams: Iterable[Dream], *, own: Sequence[Dream] = (), facts: int, rehearsals: int, seed: str
) -> list[Dream]:
    """Return which of earlier ``dreams`` come again: at most ``facts`` of facts and ``rehearsals``, chosen by ``seed``.

    Half of those of facts are wordings of what is asked most like what ``own`` ask, the others one of each fact.
    """
    choose = random.Random(seed)
    by_fact: dict[str | None, list[Dream]] = {None: []}
    for dream in dreams:
        by_fact.setdefault(fact_of(dream), []).append(dream)
    general = by_fact.pop(None)
    near: dict[str | None, list[Dream]] = {}
    told = [dream for those in by_fact.values() for dream in those if dream.strategy != "unanswerable"]
    for dream in _nearest(own, told, most=facts // 2):
        near.setdefault(fact_of(dream), []).append(dream)
    others = [fact for fact in by_fact if fact not in near]
    chosen = set(choose.sample(others, min(facts - sum(map(len, near.values())), len(others))))
    again = [choose.choice(those) for fact, those in by_fact.items() if fact in chosen]
    again += [dream for those in near.values() for dream in those]
    return again + choose.sample(general, min(rehearsals, len(general)))


def _nearest(own: Sequence[Dream], earlier: Sequence[Dream], *, most: int) -> list[Dream]:
    """Return what of ``earlier`` asks with the same words, the rare ones first, for each fact of ``own`` in turn."""
    words = [stems(dream.question) for dream in earlier]
    places: dict[str, list[int]] = {}
    for place, known in enumerate(words):
        for word in known:
            places.setdefault(word, []).append(place)
    asked: dict[str | None, set[str]] = {}
    for dream in own:
        if fact := fact_of(dream):
            asked.setdefault(fact, set()).update(stems(dream.question))
    orders = []
    for said in asked.values():
        shared: dict[int, float] = defaultdict(float)
        for word in sorted(said & places.keys()):
            for place in places[word]:
                shared[place] += math.log(1 + len(earlier) / len(places[word])) / math.sqrt(len(words[place]))
        orders.append(sorted(shared, key=lambda place: -shared[place]))
    found, counts = dict[int, Dream](), Counter[str | None]()
    for place in (place for turn in zip_longest(*orders) for place in turn if place is not None):
        if len(found) >= most:
            break
        fact = fact_of(earlier[place])
        if place not in found and counts[fact] < _WORDINGS:
            found[place] = earlier[place]
            counts[fact] += 1
    return list(found.values())
