"""The suites of kinds that are no facts: was tonight's learned, and is what earlier nights taught still there?

Every item is compared with the champion on the same item. What is held out tonight has to gain (a lower bound above
nothing), over the candidate with its weights shuffled, too: cases of one form are so alike that whatever moves one of
them moves all, and a few of them may gain by chance. That of earlier nights may not lose its epsilon (a lower bound,
too), and no other measure may be lower with confidence: a dozen answers that are right or wrong cannot rule out a loss
of one in ten. A suite that was left out of the training has nothing to gain tonight.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from steps.examine.kinds.suite import KindReply, Measure, Suite
from steps.examine.kinds.table import SUITES
from steps.gate.evidence import Evidence
from steps.gate.statistics import PairedDifference, paired_difference
from steps.records import Check
from steps.settings import GateSettings

TONIGHT = "tonight"
"""The figure that says how tonight's part of a suite was judged; what did not pass there may be left out."""

_TWO = ("candidate", "champion")


@dataclass(frozen=True)
class _Part:
    """One part of a suite's verdict."""

    status: str
    reason: str
    figures: dict[str, Any]


def kind_suite(evidence: Evidence, settings: GateSettings, *, suite: str) -> Check:
    """Judge one suite of ``steps.examine.kinds.table``; see above."""
    told = SUITES[suite]
    expected = evidence.expected_kinds.get(suite, {})
    taught = suite in evidence.taught
    if not expected:
        if taught:
            return Check(name=suite, status="INCONCLUSIVE", reason="lessons were taught, and none was held out")
        return Check(name=suite, status="NOT_APPLICABLE", reason="nothing of the kind was ever held out")
    rows = {who: _rows(evidence, suite, who, expected) for who in (*_TWO, "shuffled")}
    if any({key: row.cohort for key, row in rows[who].items()} != expected for who in _TWO):
        reason = "the two models were not asked what was held out"
        return Check(name=suite, status="INCONCLUSIVE", reason=reason)
    tonight = {item for item, cohort in expected.items() if cohort == evidence.night and taught}
    earlier = earlier_items(evidence, suite) - tonight
    parts = []
    if taught:
        parts.append(_learned(told, rows, tonight, settings))
        parts += _drifted(evidence, told, settings)
    status_tonight = _worst(parts) if parts else "NOT_APPLICABLE"
    if earlier:
        parts += [_kept(measure, told, rows, earlier, settings) for measure in told.measures]
    if not parts:
        reason = "nothing of the kind was taught tonight, and what is held out was never taught"
        return Check(name=suite, status="NOT_APPLICABLE", reason=reason)
    figures = {key: value for part in parts for key, value in part.figures.items()}
    return Check(
        name=suite,
        status=_worst(parts),
        reason="; ".join(part.reason for part in parts),
        figures={TONIGHT: status_tonight, **figures},
    )


def keeps(evidence: Evidence, settings: GateSettings, *, suite: str) -> Check:
    """What the suite says of earlier nights alone."""
    return kind_suite(without_lessons(evidence, {suite}), settings, suite=suite)


def without_lessons(evidence: Evidence, suites: Collection[str]) -> Evidence:
    """The same evidence on a candidate that was not taught the lessons of some suites tonight."""
    return replace(evidence, taught=evidence.taught - {*suites}, left_out=evidence.left_out | {*suites})


def earlier_items(evidence: Evidence, suite: str) -> set[str]:
    """Return what is held out of a suite and was taught to the champion, so that it can be lost."""
    return {
        item for item, cohort in evidence.expected_kinds.get(suite, {}).items() if _was_met(evidence, suite, cohort)
    }


def keeps_every_suite(evidence: Evidence, settings: GateSettings) -> Check:
    """What all suites say together of earlier nights."""
    checks = [keeps(evidence, settings, suite=suite) for suite in evidence.expected_kinds]
    reason = "; ".join(check.reason for check in checks)
    return Check(name="every suite", status=_worst_of([check.status for check in checks]), reason=reason)


def _was_met(evidence: Evidence, suite: str, cohort: str) -> bool:
    """Whether the champion was taught that night's lessons of a suite."""
    if suite in evidence.never_taught.get(cohort, ()):
        return False
    return cohort in evidence.met and (cohort != evidence.night or evidence.rebuilt)


def _rows(evidence: Evidence, suite: str, who: str, expected: Collection[str]) -> dict[str, KindReply]:
    return {r.id: r for r in evidence.kinds if (r.suite, r.model) == (suite, who) and r.id in expected}


def _paired(
    suite: Suite,
    rows: Mapping[str, Mapping[str, KindReply]],
    items: Sequence[str],
    measure: str,
    *,
    against: str = "champion",
) -> tuple[list[tuple[float, float]], list[str]]:
    """The measure of the candidate and of another where both have it, and what each of these items asks."""
    two = "candidate", against
    ours, theirs = ([suite.measured(rows[who][item]).get(measure) for item in items] for who in two)
    found = [(item, a, b) for item, a, b in zip(items, ours, theirs, strict=True) if a is not None and b is not None]
    return [(a, b) for _, a, b in found], [_asked(rows["champion"][item]) for item, _, _ in found]


def _asked(row: KindReply) -> str:
    return row.about or " ".join(row.question.lower().split()) or row.id


def _learned(
    suite: Suite, rows: Mapping[str, Mapping[str, KindReply]], items: set[str], settings: GateSettings
) -> _Part:
    ids = sorted(items)
    asked = {_asked(rows["champion"][item]) for item in ids}
    if len(asked) < settings.min_unseen:
        reason = f"only {len(asked)} of tonight are held out, {settings.min_unseen} are needed"
        return _Part("INCONCLUSIVE", reason, {"items": len(asked)})
    statuses: list[str] = []
    reasons: list[str] = []
    figures: dict[str, Any] = {}
    for measure in suite.measures:
        pairs, about = _paired(suite, rows, ids, measure.name)
        if measure.learned and len(pairs) < len(ids):
            return _Part("INCONCLUSIVE", f"{measure.name} of tonight is not there for every item", {})
        if not pairs:
            continue
        found = _compared(pairs, about, settings)
        name = f"{TONIGHT}, {measure.name}"
        figures |= _figures(name, pairs, found)
        if measure.learned:
            drawn = [item for item in ids if item in rows["shuffled"]]
            mixed, of_mixed = _paired(suite, rows, drawn, measure.name, against="shuffled")
            if not mixed:
                return _Part("INCONCLUSIVE", "the shuffled adapter was not examined", {})
            over = _compared(mixed, of_mixed, settings)
            figures[f"{name}, over shuffled, lower_bound"] = round(over.lower, 4)
            held = (("the champion", found), ("shuffled weights", over))
            # So said, what is no number falls short, too.
            short = [who for who, one in held if not (one.lower > 0 and one.better > one.worse)]
            statuses.append("PASS" if not short else "FAIL" if min(found.mean, over.mean) <= 0 else "INCONCLUSIVE")
            reasons.append(
                f"tonight's {len(ids)}: {found.mean:+.3f} {measure.unit} (at least {found.lower:+.3f}, over shuffled "
                f"weights {over.lower:+.3f}), better for {found.better}, worse for {found.worse}"
                + (f": no gain over {' and '.join(short)} is certain" if short else "")
            )
        else:
            statuses.append("PASS" if found.upper >= 0 else "FAIL")
            reasons.append(
                f"{measure.name} {_mean(b for _, b in pairs):.2f} before, {_mean(a for a, _ in pairs):.2f} now"
            )
    return _Part(_worst_of(statuses), "; ".join(reasons), figures)


def _kept(
    measure: Measure,
    suite: Suite,
    rows: Mapping[str, Mapping[str, KindReply]],
    items: set[str],
    settings: GateSettings,
) -> _Part:
    ids = sorted(items)
    pairs, about = _paired(suite, rows, ids, measure.name)
    epsilon = float(getattr(settings, measure.epsilon)) if measure.epsilon else None
    if measure.learned and len(pairs) < len(ids):
        return _Part("INCONCLUSIVE", f"{measure.name} of earlier nights is not there for every item", {})
    if not pairs:
        return _Part("NOT_APPLICABLE", f"{measure.name} of earlier nights is not told", {})
    found = _compared(pairs, about, settings, epsilon=epsilon or 1.0)
    figures = _figures(f"earlier, {measure.name}", pairs, found)
    if epsilon is None:
        means = f"{_mean(b for _, b in pairs):.2f} before, {_mean(a for a, _ in pairs):.2f} now"
        return _Part("PASS" if found.upper >= 0 else "FAIL", f"{measure.name} of earlier nights {means}", figures)
    figures |= {f"earlier, {measure.name}, epsilon": epsilon}
    what = f"earlier nights' {len(pairs)}: {found.mean:+.3f} {measure.unit} (not below {found.lower:+.3f})"
    if found.lower > -epsilon:
        return _Part("PASS", what, figures)
    reason = f"{what}; a loss of {epsilon:g} is not allowed"
    failed = found.mean <= -epsilon or found.items >= found.needed
    return _Part("FAIL" if failed else "INCONCLUSIVE", reason, figures)


def _drifted(evidence: Evidence, suite: Suite, settings: GateSettings) -> list[_Part]:
    watched = [row for row in evidence.kinds if row.suite == suite.name and row.watched]
    candidate, champion = ([r for r in watched if r.model == who] for who in ("candidate", "champion"))
    found = suite.drift(candidate, champion, settings)
    return [_Part("FAIL" if found.too_much else "PASS", found.says, found.figures)] if found.says else []


def _compared(
    pairs: Sequence[tuple[float, float]], about: Sequence[str], settings: GateSettings, *, epsilon: float = 1.0
) -> PairedDifference:
    """Of one file's records none says more of another than chance does; but those that ask the same (``about``) do.

    A hundred ratings of answers to one prompt are hardly more than one.
    """
    ours, theirs = zip(*pairs, strict=True)
    return paired_difference(
        list(ours),
        list(theirs),
        list(about),
        confidence=settings.confidence,
        power=settings.power,
        epsilon=epsilon,
    )


def _figures(name: str, pairs: Sequence[tuple[float, float]], found: Any) -> dict[str, Any]:
    return {
        f"{name}, champion": round(_mean(b for _, b in pairs), 4),
        f"{name}, candidate": round(_mean(a for a, _ in pairs), 4),
        f"{name}, difference": round(found.mean, 4),
        f"{name}, lower_bound": round(found.lower, 4),
        f"{name}, items": found.items,
        f"{name}, wins": found.better,
        f"{name}, losses": found.worse,
    }


def _mean(values: Any) -> float:
    found = list(values)
    return sum(found) / len(found)


def _worst(parts: Sequence[_Part]) -> str:
    return _worst_of([part.status for part in parts])


def _worst_of(statuses: Sequence[str]) -> str:
    return next((word for word in ("FAIL", "INCONCLUSIVE", "PASS") if word in statuses), "NOT_APPLICABLE")
