"""Held-out probes where the owner gave none, and the check that no probe leaks into training."""

import random

from rapidfuzz.fuzz import token_sort_ratio

from steps.dream.rehearsal import normalised
from steps.kinds.document.candidates import SAME_WORDING
from steps.kinds.table import best_passage
from steps.marking import holds
from steps.records import Dream, Experience, Probe, content_id


def hold_out(
    dreams: list[Dream],
    probes: list[Probe],
    experiences: list[Experience],
    *,
    share: float,
    night: str,
    at_least: int = 0,
) -> tuple[list[Dream], list[Probe]]:
    """Split question dreams into training and held-out probes, for experiences that no owner's probe asks about.

    A question is held out only if another question on the same fact stays in training, so that the fact itself is
    still taught and the probe measures whether it survives another wording. Training dreams of the held-out wording
    and answer are dropped. Where that makes fewer than ``at_least`` probes with the owner's, more are held out, a fact
    each.
    """
    probed = {probe.experience for probe in probes}
    for probe in probes:
        if probe.experience is None and (asked := best_passage(probe.question, experiences)):
            probed.add(asked.experience.id)
    held: list[Dream] = []
    more: list[Dream] = []
    choose = random.Random(content_id("holdout", night))
    for experience in experiences:
        own = [d for d in dreams if d.experience == experience.id and d.strategy == "question"]
        by_fact: dict[tuple, list[Dream]] = {}
        for one in own:
            by_fact.setdefault((one.sentence, one.verification["span"]), []).append(one)
        ready = [peers for peers in by_fact.values() if len(peers) > 1]
        if experience.id in probed:
            more += map(choose.choice, ready)
            continue
        drawn = [choose.choice(peers) for peers in ready]
        held += choose.sample(drawn, min(len(drawn), max(1, round(share * len(own)))) if drawn else 0)
        more += [one for one in drawn if one not in held]
    missing = at_least - len(held) - sum(bool(probe.answers) for probe in probes)
    if missing > 0:
        held += choose.sample(more, min(missing, len(more)))
    out = {d.id for d in held}
    left = [d for d in dreams if d.id not in out and d.verification.get("reads") not in out]
    kept = [_as_probe(d) for d in held]
    return [d for d in left if not any(_gives_away(d.question, d, probe) for probe in kept)], kept


def leaks(dreams: list[Dream], probes: list[Probe]) -> list[str]:
    """Return the questions of dreams that repeat a probe: the same words, or a held-out one's wording."""
    exact = {normalised(p.question) for p in probes}
    held = [p for p in probes if p.origin == "dream"]
    return [
        text
        for dream in dreams
        for text in dict.fromkeys((dream.question, *dream.asked))
        if normalised(text) in exact or any(_gives_away(text, dream, probe) for probe in held)
    ]


def _gives_away(text: str, dream: Dream, probe: Probe) -> bool:
    """Whether a dream that asks ``text`` teaches a probe's wording with its answer; rows of a table ask much alike."""
    return token_sort_ratio(text, probe.question) > SAME_WORDING and holds(dream.answer, probe.answers)


def _as_probe(dream: Dream) -> Probe:
    return Probe(
        id=content_id("probe", dream.question, dream.verification["span"]),
        night=dream.night,
        question=dream.question,
        answers=(str(dream.verification["span"]),),
        type="paraphrase",
        origin="dream",
        source=dream.source,
        experience=dream.experience,
    )
