"""What of a night's dreams is taught, what is held out of them to examine by, and what waits for the next nights."""

from collections.abc import Mapping
from dataclasses import dataclass

from steps.dream.budget import Plan
from steps.dream.holdouts import asked_again, hold_out, leaks
from steps.dream.lessons import suite_of
from steps.dream.unseen import set_apart, shown_before, too_few
from steps.dream.waiting import postponed, too_little
from steps.errors import DataRefused
from steps.kinds.kind import ASKED
from steps.night import Night
from steps.records import Dream, Experience, Probe


@dataclass(frozen=True)
class Apportioned:
    """``train``: what is taught; ``held``: questions held out of it; ``unseen``: lessons held out of it.

    ``planned``: what was dreamt about, and what is carried over. ``waiting``: why the lessons of a suite wait;
    ``waits``: why all of them do, or None.
    """

    train: list[Dream]
    held: list[Probe]
    unseen: list[Dream]
    planned: Plan
    waiting: Mapping[str, str]
    waits: str | None


def apportioned(
    dreams: list[Dream],
    planned: Plan,
    corpus: Mapping[str, Experience],
    *,
    probes: list[Probe],
    waited: list[Probe],
    night: Night,
) -> Apportioned:
    """Hold out questions and lessons of all ``dreams``, and put off suites of which too few could be examined.

    ``probes``: the owner's, with those ``waited`` that came along with what earlier nights had no time for.

    Raises:
        DataRefused: a dream repeats a probe's wording.
    """
    gate, share, date = night.settings.gate, night.settings.dream.holdout_share, night.date
    before = shown_before(night) if any(dream.objective for dream in dreams) else ()
    train, unseen = set_apart(dreams, corpus, share=share, at_least=gate.min_unseen, night=date, before=before)
    train, held = hold_out(train, probes, planned.experiences, share=share, night=date, at_least=gate.min_probes)
    held += asked_again(train)
    if leaked := leaks(train, [*probes, *held]):
        raise DataRefused(
            f"{len(leaked)} dreams repeat a probe's wording, the first {leaked[0]!r}: training refused.",
            check="no_leak",
        )
    suites = [suite_of(dream, corpus) for dream in train]
    waiting = too_few(train, unseen, corpus, night)
    if ASKED.intersection(suites) and (few := too_little([*probes, *held], night)):
        waiting |= dict.fromkeys(sorted(ASKED & {one.passage.suite for one in planned.tonight}), few)
    held = [*waited, *held]
    if not night.settings.night.wait or not waiting:
        return Apportioned(train, held, unseen, planned, {}, None)
    train = [dream for dream, suite in zip(train, suites, strict=True) if suite not in waiting]
    unseen = [dream for dream in unseen if suite_of(dream, corpus) not in waiting]
    held = [] if ASKED & waiting.keys() else held
    waits = "; ".join(dict.fromkeys(waiting.values())) if all(dream.rehearsal for dream in train) else None
    return Apportioned([] if waits else train, held, unseen, postponed(planned, waiting), waiting, waits)
