"""What each arm learned and what it forgot: R[after, cohort] and the figures that follow from it.

R, ACC and BWT: Lopez-Paz and Ranzato, arXiv 1706.08840. Forgetting from the best earlier night: Chaudhry et al.,
arXiv 1801.10112. All shares are of recall probes served closed book (or as the arm serves), unless said otherwise.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from bench.answers import BASE, Answers, Items
from bench.estimates import RESAMPLES, SEED, Bootstrap, Estimate, Row, paired_estimate, paired_lower_bound
from bench.records import AnchorMark, Mark


@dataclass(frozen=True)
class Summary:
    """One arm's figures over ``cohorts``, at the stream's ``last`` night; None where there is no evidence.

    ``nights`` are those after which the arm was examined: an arm with few of them has its figures from few.
    """

    arm: str
    cohorts: tuple[int, ...]
    last: int
    nights: tuple[int, ...]
    matrix: Mapping[tuple[int, int], Estimate]
    """R by (after, cohort)."""
    counts: Mapping[tuple[int, int], tuple[int, int]]
    """Right and asked of each cell of R."""
    floor: Mapping[int, Estimate]
    """b by cohort: the base, served. The same for every arm, as are the ceilings."""
    ceiling: Mapping[int, Estimate]
    """c by cohort: the base with the document in context."""
    taught_so_far: Mapping[int, Estimate]
    """By night: share of all probes of the cohorts up to it that are answered after it."""
    floor_so_far: Mapping[int, Estimate]
    ceiling_so_far: Mapping[int, Estimate]
    acquisition: Estimate | None
    """R[i, i], pooled over nights."""
    retention: Estimate | None
    """R[last, j] of the earlier cohorts, pooled."""
    accuracy: Estimate | None
    """ACC: mean over cohorts of R[last, j]."""
    gap_own: Estimate | None
    """Share of the gap between floor and ceiling that is closed on the own night's probes."""
    gap_earlier: Estimate | None
    """The same, of all earlier cohorts at the end."""
    bwt: Estimate | None
    """Mean over earlier cohorts of R[last, j] - R[j, j]; negative: forgotten."""
    forgetting: Estimate | None
    """Mean over earlier cohorts of the best earlier R[i, j] minus R[last, j]; noise alone makes it positive."""
    paraphrase: Estimate | None
    """All cohorts at the last night, as ``reverse`` and ``abstention`` (share of unanswerable probes declined)."""
    reverse: Estimate | None
    abstention: Estimate | None
    given: Estimate | None
    """Right with the document in context, all cohorts so far, after ``given_night``."""
    given_change: Estimate | None
    """``given`` minus the base's on the same probes."""
    given_night: int | None
    abilities: Estimate | None
    """Change of the anchor suite against night 0, item by item, after ``abilities_night``; 0.01 is a point."""
    abilities_lower: float | None
    """One-sided 95 % lower bound of that change."""
    graded: Estimate | None
    """The same change of the probability of the right option, which is far less noisy than right or wrong."""
    graded_lower: float | None
    abilities_night: int | None


def summarise(
    marks: Iterable[Mark],
    anchors: Iterable[AnchorMark],
    *,
    cohorts: Collection[int] | None = None,
    last: int | None = None,
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> list[Summary]:
    """Compute the figures of every arm, in the order in which the arms appear.

    Args:
        marks, anchors: of all arms together; the floor and the ceiling are night 0 of "no-update".
        cohorts: which nights' probes count (range(5, 9) for the report, say); None for all.
        last: the end of the stream; None for the latest night that any arm was examined after.

    Raises:
        ValueError: an arm was asked the same thing twice after the same night.
    """
    answers = Answers(marks, anchors, cohorts=cohorts, last=last)
    return [_summary(answers, arm, Bootstrap(resamples, seed)) for arm in answers.arms]


def _summary(answers: Answers, arm: str, bootstrap: Bootstrap) -> Summary:
    last, cohorts, earlier = answers.last, answers.cohorts, answers.earlier()
    nights = answers.nights(arm)
    cells = {(n, c): answers.items(arm, n, cohorts=[c]) for n in nights for c in cohorts if c <= n}
    cells = {key: items for key, items in cells.items() if items}
    so_far = {n: [c for c in cohorts if c <= n] for n in range(1, last + 1)}
    own = answers.own_night(arm)
    end = {c: cells[last, c] for c in cohorts if (last, c) in cells}
    at_end = _merged(end[c] for c in earlier) if earlier and set(earlier) <= end.keys() else {}
    complete = end.keys() == {c for c in cohorts if c <= last}

    def share(items: Items) -> Estimate | None:
        return bootstrap.share(_rows(items))

    def by(keys: Iterable, items_of) -> dict:
        return {key: found for key in keys if (found := share(items_of(key))) is not None}

    def final(type: str) -> Estimate | None:
        return share(answers.items(arm, last, cohorts=so_far.get(last, []), type=type))

    def base(chosen: list[int], condition: str) -> Items:
        return answers.items(BASE, 0, cohorts=chosen, condition=condition)

    def gap(items: Items) -> Estimate | None:
        floor, ceiling = base(cohorts, "served"), base(cohorts, "given")
        keys = items.keys() & floor.keys() & ceiling.keys()
        return bootstrap.gap_closed(
            (items[k].source, items[k].correct, floor[k].correct, ceiling[k].correct) for k in sorted(keys)
        )

    given_night = max(answers.given_nights(arm), default=None)
    given = answers.items(arm, given_night, cohorts=so_far[given_night], condition="given") if given_night else {}
    return Summary(
        arm=arm,
        cohorts=tuple(cohorts),
        last=last,
        nights=tuple(nights),
        matrix=by(cells, cells.__getitem__),
        counts={key: (sum(m.correct for m in items.values()), len(items)) for key, items in cells.items()},
        floor=by(cohorts, lambda c: base([c], "served")),
        ceiling=by(cohorts, lambda c: base([c], "given")),
        taught_so_far=by(
            (n for n in nights if all((n, c) in cells for c in so_far[n])),
            lambda n: answers.items(arm, n, cohorts=so_far[n]),
        ),
        floor_so_far=by(so_far, lambda n: base(so_far[n], "served")),
        ceiling_so_far=by(so_far, lambda n: base(so_far[n], "given")),
        acquisition=share(own),
        retention=share(at_end),
        accuracy=bootstrap.mean_of_cohorts(_rows(_merged(end.values()))) if complete else None,
        gap_own=gap(own),
        gap_earlier=gap(at_end),
        bwt=bootstrap.mean_of_cohorts(_change(_merged(end.values()), {k: m for k, m in own.items() if k[0] < last})),
        forgetting=bootstrap.mean_of_cohorts(_change(_best_earlier(cells, earlier, last), _merged(end.values()))),
        paraphrase=final("paraphrase"),
        reverse=final("reverse"),
        abstention=final("unanswerable"),
        given=share(given),
        given_change=bootstrap.mean(_change(given, base(cohorts, "given"))),
        given_night=given_night,
        **_abilities(answers, arm),
    )


def _abilities(answers: Answers, arm: str) -> dict:
    night = max(answers.anchor_nights(arm), default=None)
    now, before = answers.anchor_items(arm, night or 0) if night else {}, answers.anchor_items(BASE, 0)
    ids = sorted(now.keys() & before.keys())
    if not ids:
        return dict.fromkeys(("abilities", "abilities_lower", "graded", "graded_lower", "abilities_night"))
    pair = [float(now[i].correct) for i in ids], [float(before[i].correct) for i in ids]
    graded = [now[i].score for i in ids], [before[i].score for i in ids]
    return {
        "abilities": paired_estimate(*pair, ids),
        "abilities_lower": paired_lower_bound(*pair, ids),
        "graded": paired_estimate(*graded, ids),
        "graded_lower": paired_lower_bound(*graded, ids),
        "abilities_night": night,
    }


def _best_earlier(cells: Mapping[tuple[int, int], Items], earlier: list[int], last: int) -> Items:
    """Each earlier cohort's answers after the night before the last that knew most of it, the first of equals.

    The night is chosen once, not anew in each resample: the interval is of the change since that night.
    """
    found: Items = {}
    for cohort in earlier:
        nights = [n for n, c in cells if c == cohort and n < last]
        if nights:
            best = max(nights, key=lambda n: sum(m.correct for m in cells[n, cohort].values()) / len(cells[n, cohort]))
            found |= cells[best, cohort]
    return found


def _rows(items: Items) -> list[Row]:
    return [(mark.cohort, mark.source, float(mark.correct)) for _, mark in sorted(items.items())]


def _change(after: Items, before: Items) -> list[Row]:
    """The difference of each probe that both hold."""
    keys = sorted(after.keys() & before.keys())
    return [(k[0], after[k].source, float(after[k].correct) - float(before[k].correct)) for k in keys]


def _merged(parts: Iterable[Items]) -> Items:
    return {key: mark for items in parts for key, mark in items.items()}
