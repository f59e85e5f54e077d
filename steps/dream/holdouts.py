"""Held-out probes where the owner gave none, and the check that no probe leaks into training."""

import random
from collections.abc import Iterator, Sequence

from rapidfuzz.fuzz import ratio
from rapidfuzz.process import cdist

from steps.dream.rehearsal import normalised
from steps.kinds.document.candidates import SAME_WORDING
from steps.kinds.passages import PassageIndex
from steps.marking import holds
from steps.records import Dream, Experience, Probe, content_id
from steps.sentences import content_words, telling_words

_AT_ONCE = 1000  # texts that are compared with all probes in one piece of memory


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
    probed, index = {probe.experience for probe in probes}, PassageIndex(experiences)
    for probe in probes:
        if probe.experience is None and (asked := index.best(probe.question)):
            probed.add(asked.experience.id)
    held: list[Dream] = []
    more: list[Dream] = []
    choose = random.Random(content_id("holdout", night))
    for experience in experiences:
        own = [d for d in dreams if d.experience == experience.id and d.strategy == "question" and _may_go(d)]
        by_fact: dict[tuple, list[Dream]] = {}
        for one in own:
            by_fact.setdefault((one.sentence, one.verification["span"]), []).append(one)
        ready = [peers for peers in by_fact.values() if len(peers) > 1 or "aspect" in peers[0].verification]
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
    given_away = {n for n, probe in _alike([d.question for d in left], kept) if holds(left[n].answer, probe.answers)}
    return [d for n, d in enumerate(left) if n not in given_away], kept


def asked_again(dreams: Sequence[Dream]) -> list[Probe]:
    """Return what users asked and corrected, in their words: it is trained on, and has to be right next morning."""
    return [
        _as_probe(dream).model_copy(update={"type": "corrected", "origin": "user"})
        for dream in dreams
        if dream.verification.get("asked")
    ]


def leaks(dreams: list[Dream], probes: list[Probe]) -> list[str]:
    """Return the questions of dreams that repeat a probe: the same words, or a held-out one's wording."""
    exact = {normalised(p.question) for p in probes if p.origin != "user"}
    held = [p for p in probes if p.origin == "dream"]
    said = [(text, dream) for dream in dreams for text in dict.fromkeys((dream.question, *dream.asked))]
    # Rows of a table ask much alike: what gives a probe away has its answer, too.
    alike = _alike([text for text, _ in said], held)
    given_away = {n for n, probe in alike if holds(said[n][1].answer, probe.answers)}
    return [text for n, (text, _) in enumerate(said) if normalised(text) in exact or n in given_away]


def _alike(texts: Sequence[str], probes: Sequence[Probe]) -> Iterator[tuple[int, Probe]]:
    """Yield which texts have the wording of which probes: rapidfuzz's token-sort ratio of all with all."""
    asked = [_sorted(probe.question) for probe in probes]
    for start in range(0, len(texts) if asked else 0, _AT_ONCE):
        batch = [_sorted(text) for text in texts[start : start + _AT_ONCE]]
        scores = cdist(batch, asked, scorer=ratio, score_cutoff=SAME_WORDING)
        for row, column in zip(*(scores > SAME_WORDING).nonzero(), strict=True):
            text, probe = texts[start + int(row)], probes[column]
            if _figures(text) == _figures(probe.question):  # "gate 4" gives nothing away of "gate 3"
                yield start + int(row), probe


def _figures(text: str) -> set[str]:
    """What of a question is told by a number or a letter."""
    return telling_words(text) - {word for word in content_words(text) if not any(map(str.isdigit, word))}


def _may_go(dream: Dream) -> bool:
    """Whether a question may be held out.

    Not what a user asked, what is made of that by rule and is alike, nor what gives its answer away: whoever repeats
    it would be right.
    """
    made = dream.verification.get("aspect") in ("user", "rule", "drill")
    return not made and not holds(dream.question, (str(dream.verification["span"]),))


def _sorted(text: str) -> str:
    return " ".join(sorted(text.split()))


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
