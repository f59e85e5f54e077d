"""What is held out of kinds that are no facts: whole demonstrations, preferences and cases, for their suites.

Facts are taught in several wordings, and one of them is held out (``holdouts``). What is shown once can only be held
out whole: training never sees it, and the gate asks whether what was learned of the others reaches it.
"""

import random
from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from steps.dream.lessons import suite_of
from steps.kinds.kind import ASKED
from steps.kinds.messages import begun_with
from steps.kinds.table import kind_of
from steps.night import Night
from steps.records import Dream, Experience, content_id
from steps.workspace import each_record


def set_apart(
    dreams: Sequence[Dream],
    corpus: Mapping[str, Experience],
    *,
    share: float,
    at_least: int,
    night: str,
    before: Collection[str] = (),
) -> tuple[list[Dream], list[Dream]]:
    """Split dreams into those that are taught and those that are not: of each suite but that of facts, a ``share``.

    What would give each other away goes together (``Kind.held_out_with``), also of different suites: what is better of
    two answers is learned from a demonstration of it, too. Held out are ``at_least`` so many of a suite, but never more
    than half of it, and never the last that teaches the same (``Kind.asked_through``). Which ones follows from
    ``night`` and the content; keys of what was taught ``before`` come last.
    """
    by_id = {dream.id: dream for dream in dreams}
    held: set[str] = set()
    out: set[str] = set()  # keys, of all suites
    taught: set[str] = set()
    for suite, groups in sorted(groups_of(dreams, corpus).items(), key=lambda one: (len(one[1]), one[0])):
        wanted = min(max(round(share * len(groups)), at_least), len(groups) // 2)
        beside, free = groups.keys() & out, groups.keys() - out - taught
        news = sorted(free - {*before})
        drawn = random.Random(content_id("unseen", night, suite)).sample(news, min(wanted, len(news)))
        rest = sorted(free - {*drawn}, key=lambda key: (key in before, key))
        teaches = {key: {_teaches(by_id[number], corpus) for number in own} - {None} for key, own in groups.items()}
        left, chosen = Counter(one for those in teaches.values() for one in those), set[str]()
        for key in [*sorted(beside), *drawn, *rest]:
            if (key in beside or len(chosen) < wanted) and all(left[one] > 1 for one in teaches[key]):
                left.subtract(teaches[key])
                chosen.add(key)
                held.update(groups[key])
        out |= chosen
        taught |= groups.keys() - chosen
    return [d for d in dreams if d.id not in held], [d for d in dreams if d.id in held]


def shown_before(night: Night) -> set[str]:
    """Return what earlier nights taught of kinds that are no facts, by the key of what is held out together."""
    paths = night.datasets("dreams", tonight=False)
    return {begun_with(dream) for path in paths for _, dream in each_record(path, Dream) if dream.objective}


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
