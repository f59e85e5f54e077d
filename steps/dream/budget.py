"""A night's budget: which passages are dreamt about tonight, and which are carried over to the nights to come.

What one lesson costs is known from the last night; before the first it is estimated from how fast the model reads.
"""

import math
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from steps.ingest.tables import version_of
from steps.kinds.kind import Passage
from steps.kinds.passages import PassageIndex
from steps.kinds.table import kind_of
from steps.manifest import StepRecord, read_manifests
from steps.model.chat_model import ChatModel
from steps.night import Night
from steps.records import Carried, Experience, Probe
from steps.review.decisions import accepted_experiences
from steps.workspace import read_records

LESSONS_PER_SENTENCE, LESSON_TOKENS = 4.0, 60  # before the first night has told
EXAM_SHARE = 0.35  # of a night's time, likewise
RANKING_SHARE = 0.1  # of the budget goes into reading, to find what surprises most
WAITED = 0.5  # nats per token by which a passage moves up for each night that it has waited
_FORWARDS = 3  # a training step costs as much as so many readings
_READ_AT_ONCE = 16


@dataclass(frozen=True)
class Candidate:
    """A passage that could be dreamt about tonight. ``since``: the night from which it waits; ``parts``: the numbers
    of its sentences that no night has taught.
    """

    passage: Passage
    since: str
    parts: tuple[int, ...]

    @property
    def news(self) -> int:
        """How many sentences no night has taught."""
        return len(self.parts)

    @property
    def key(self) -> tuple[str, int]:
        return self.passage.experience.id, self.passage.first


@dataclass(frozen=True)
class Plan:
    """Tonight's passages, and those that wait for the next nights with how much they surprise (None: not read yet)."""

    tonight: list[Candidate]
    later: list[tuple[Candidate, float | None]]

    @property
    def experiences(self) -> list[Experience]:
        return list({c.passage.experience.id: c.passage.experience for c in self.tonight}.values())

    def carried_by_suite(self) -> dict[str, int]:
        """How many sentences wait, by the suite of their passage."""
        count = Counter[str]()
        for one, _ in self.later:
            count[one.passage.suite] += one.news
        return dict(count)

    def carried(self, night: str) -> list[Carried]:
        """The rows of dataset ``carried``."""
        return [
            Carried(
                experience=c.passage.experience.id,
                night=c.passage.experience.night,
                source=c.passage.experience.source,
                first=c.passage.first,
                sentences=c.news,
                parts=c.parts,
                since=c.since,
                surprise=surprise,
            )
            for c, surprise in self.later
        ]


def carried_over(night: Night) -> list[Carried]:
    """What the last night before this one had no time for."""
    return [row for path in night.datasets("carried", tonight=False)[-1:] for row in read_records(path, Carried)]


def candidates(night: Night, tonight: Sequence[Experience], taught: Mapping[str, tuple[int, ...]]) -> list[Candidate]:
    """Return tonight's passages, after those that earlier nights had no time for and that are still there.

    ``taught``: by experience, the numbers of its parts that earlier nights taught.
    """

    def candidate(passage: Passage, since: str) -> Candidate:
        known = taught.get(passage.experience.id, ())
        told = (passage.first + place for place, part in enumerate(passage.sentences) if part)
        return Candidate(passage, since, tuple(number for number in told if number not in known))

    found = [candidate(p, night.date) for e in tonight for p in kind_of(e).passages(e)]
    rows = carried_over(night)
    since = {(row.experience, number): row.since for row in rows for number in row.waiting}
    replaced = {version_of(e, night=0, seq=0).page for e in tonight}
    for met in sorted({row.night for row in rows}):
        for old in read_records(night.workspace.dataset("corpus", met), Experience):
            if version_of(old, night=0, seq=0).page not in replaced:
                for passage in kind_of(old).passages(old):
                    numbers = range(passage.first, passage.first + len(passage.sentences))
                    waits = [since[old.id, number] for number in numbers if (old.id, number) in since]
                    found += [candidate(passage, waits[0])] if waits else []
    known_now = {one.key for one in found}
    for experience, _ in accepted_experiences(night):
        new = [candidate(p, experience.night) for p in kind_of(experience).passages(experience)]
        found += [one for one in new if one.key not in known_now]
    return [one for one in found if one.news]


def plan(night: Night, found: list[Candidate], probes: Sequence[Probe], base: ChatModel) -> Plan:
    """Choose what fits into ``night.minutes``: first what probes ask about, then what surprises the model most.

    Of each suite so, and the suites take turns by what they cost: pages must not crowd out what users corrected.
    """
    minutes = night.settings.night.minutes
    if minutes is None or not found:
        return Plan(found, [])
    asked = _asked_about(found, probes)
    unranked = [c for c in found if c.key not in asked] or found[:_READ_AT_ONCE]  # how fast it reads is asked, too
    surprise, speed = _surprise(base, unranked, seconds=60 * minutes * RANKING_SHARE)
    per_sentence, fixed = _costs(night, speed)
    left = 60 * minutes - fixed - _before_dreaming(read_manifests(night.workspace, night.date))
    nights = night.nights("corpus")

    def rank(one: Candidate) -> tuple[bool, float]:
        waited = len([n for n in nights if n >= one.since]) - 1
        return one.key in asked, surprise.get(one.key, 0.0) + WAITED * waited

    queues: dict[str, list[Candidate]] = {}
    for one in sorted(found, key=rank, reverse=True):
        queues.setdefault(one.passage.suite, []).append(one)
    tonight: list[Candidate] = []
    spent = dict.fromkeys(queues, 0.0)
    while queues:
        suite = min(queues, key=lambda name: (spent[name], queues[name][0].since, name))
        cost = per_sentence * queues[suite][0].news
        if tonight and cost > left:  # a night that learns nothing is no night
            del queues[suite]  # what is smaller does not overtake it
            continue
        tonight.append(queues[suite].pop(0))
        spent[suite] += cost
        left -= cost
        if not queues[suite]:
            del queues[suite]
    taken = {one.key for one in tonight}
    return Plan(tonight, [(one, surprise.get(one.key)) for one in found if one.key not in taken])


def _asked_about(found: list[Candidate], probes: Sequence[Probe]) -> set[tuple[str, int]]:
    by_id = {c.passage.experience.id: c.passage.experience for c in found}
    index = PassageIndex(by_id.values())
    best = [index.best(probe.question, by_id.get(probe.experience or "")) for probe in probes if probe.answers]
    return {(p.experience.id, p.first) for p in best if p}


def _surprise(base: ChatModel, found: list[Candidate], *, seconds: float) -> tuple[dict[tuple[str, int], float], float]:
    """Nats per token of what can be read in ``seconds``, those that waited longest first, and tokens per second."""
    said: dict[tuple[str, int], float] = {}
    tokens, start = 0, time.monotonic()
    queue = sorted(found, key=lambda one: one.since)
    for place in range(0, len(queue), _READ_AT_ONCE):
        if said and time.monotonic() - start > seconds:
            break
        batch = queue[place : place + _READ_AT_ONCE]
        texts = [" ".join(filter(None, c.passage.sentences)) for c in batch]
        scores = base.score_text("finding what is new", [f"{c.passage.experience.title}\n" for c in batch], texts)
        tokens += sum(len(score) for score in scores)
        said |= {c.key: -float(score.mean()) for c, score in zip(batch, scores, strict=True) if len(score)}
    return said, tokens / max(time.monotonic() - start, 1e-3) if tokens else 0.0


def _costs(night: Night, speed: float) -> tuple[float, float]:
    """Seconds for each sentence that is dreamt about and learned, and for all else of a night.

    Sentences are counted as ``Candidate.news`` does, in the figures of dreaming, too.
    """
    for earlier in reversed(night.nights("dreams", tonight=False)):
        done = read_manifests(night.workspace, earlier)
        dreamt, learned = done.get("dream"), done.get("consolidate")
        if dreamt and learned and dreamt.figures.get("sentences") and learned.figures.get("examples"):
            rest = sum(record.seconds for record in done.values()) - dreamt.seconds - learned.seconds
            rest -= _before_dreaming(done)
            return (dreamt.seconds + learned.seconds) / dreamt.figures["sentences"], rest
    passes = 3 + _FORWARDS * night.settings.consolidate.epochs  # written and verified, read by the teacher, learned
    lesson = LESSON_TOKENS * passes / speed if speed else math.inf
    return LESSONS_PER_SENTENCE * lesson, 60 * (night.settings.night.minutes or 0) * EXAM_SHARE


def _before_dreaming(done: Mapping[str, StepRecord]) -> float:
    """Seconds that the steps before dreaming took."""
    return sum(done[name].seconds for name in ("ingest", "validate", "triage") if name in done)
