"""What is held out of kinds that are no facts: whole demonstrations, preferences and cases, for their suites.

Facts are taught in several wordings, and one of them is held out (``holdouts``). What is shown once can only be held
out whole: training never sees it, and the gate asks whether what was learned of the others reaches it.
"""

import random
from collections import Counter
from collections.abc import Mapping, Sequence

from steps.dream.lessons import suite_of
from steps.kinds.kind import ASKED
from steps.kinds.table import kind_of
from steps.night import Night
from steps.records import Dream, Experience, content_id


def set_apart(
    dreams: Sequence[Dream], corpus: Mapping[str, Experience], *, share: float, at_least: int, night: str
) -> tuple[list[Dream], list[Dream]]:
    """Split dreams into those that are taught and those that are not: of each suite but that of facts, a ``share``.

    What would give each other away goes together (``Kind.held_out_with``). Held out are ``at_least`` so many of a
    suite, but never more than half of it, and never the last that teaches the same (``Kind.asked_through``). Which ones
    follows from ``night`` and the content.
    """
    by_id = {dream.id: dream for dream in dreams}
    held: set[str] = set()
    for suite, groups in sorted(groups_of(dreams, corpus).items()):
        wanted = min(max(round(share * len(groups)), at_least), len(groups) // 2)
        drawn = random.Random(content_id("unseen", night, suite)).sample(sorted(groups), wanted)
        teaches = {key: {_teaches(by_id[number], corpus) for number in own} - {None} for key, own in groups.items()}
        left, chosen = Counter(one for taught in teaches.values() for one in taught), 0
        for key in [*drawn, *sorted(groups.keys() - set(drawn))]:
            if chosen < wanted and all(left[one] > 1 for one in teaches[key]):
                left.subtract(teaches[key])
                chosen += 1
                held.update(groups[key])
    return [d for d in dreams if d.id not in held], [d for d in dreams if d.id in held]


def _teaches(dream: Dream, corpus: Mapping[str, Experience]) -> str | None:
    return kind_of(corpus[str(dream.experience)]).asked_through(dream)


def groups_of(dreams: Sequence[Dream], corpus: Mapping[str, Experience]) -> dict[str, dict[str, list[str]]]:
    """Return ids of dreams, by the suite of their kind and the key of what is held out together."""
    found: dict[str, dict[str, list[str]]] = {}
    for dream in dreams:
        suite = suite_of(dream, corpus)
        if suite not in (None, *ASKED):
            key = kind_of(corpus[str(dream.experience)]).held_out_with(dream)
            found.setdefault(str(suite), {}).setdefault(key, []).append(dream.id)
    return found


def too_few(
    dreams: Sequence[Dream], unseen: Sequence[Dream], corpus: Mapping[str, Experience], night: Night
) -> dict[str, str]:
    """Return why the gate could not tell whether the lessons of a suite are learned, by the suites of tonight."""
    needed, taught, held = night.settings.gate.min_unseen, groups_of(dreams, corpus), groups_of(unseen, corpus)
    return {
        suite: f"{len(taught[suite]) + len(held.get(suite, ()))} {suite} are too few: the gate needs {needed} that "
        "are held out, and no more than half are (gate.min_unseen)"
        for suite in sorted(taught)
        if len(held.get(suite, ())) < needed
    }
