"""A verdict is recomputed before anything is done on it: from the stored answers, by the code at hand."""

from dataclasses import replace

from steps.errors import SlumberError
from steps.examine.reading import read_examination
from steps.gate.conditions import CONDITIONS
from steps.gate.evidence import collect_evidence
from steps.gate.judging import judge
from steps.gate.kinds import without_lessons
from steps.gate.rescue import other_binding
from steps.gate.verdict import OTHERWISE, decided_on, read_verdict
from steps.manifest import changed, read_manifest
from steps.night import Night
from steps.records import Verdict

_JUDGED = {condition.name for condition in CONDITIONS}  # beside notes of what was tried
_STEPS = ("consolidate", "examine", "gate", "rescue")


def recomputed(night: Night) -> Verdict:
    """Return the verdict of ``night`` if its evidence is whole and gives it again, else INCONCLUSIVE with the reasons.

    Raises:
        SlumberError: there is no verdict.
    """
    recorded = read_verdict(night.workspace, night.date)
    reasons = _not_as_written(night)
    if reasons:
        return Verdict(night=night.date, verdict="INCONCLUSIVE", reasons=tuple(reasons))
    again = _judged(night, recorded)
    if _said(again) == _said(recorded):
        return recorded
    reasons = [f"verdict.json says {recorded.verdict}, the stored answers {again.verdict}: run the night again"]
    reasons += [f"they differ in {key}" for key in sorted(_different(again, recorded))]
    return Verdict(night=night.date, verdict="INCONCLUSIVE", reasons=(*reasons, *again.reasons))


def _not_as_written(night: Night) -> list[str]:
    """What is missing of the steps that a verdict stands on, or is not what they wrote."""
    reasons = []
    for step in _STEPS:
        record = read_manifest(night.workspace, night=night.date, step=step)
        if record is None:
            reasons.append(f"{night.workspace.manifest(night.date, step)} is missing: run the night again")
            continue
        for path in changed(night.workspace, record.outputs):
            reasons.append(f"{path} was changed after {step}: run the night again")
    return reasons


def _judged(night: Night, recorded: Verdict) -> Verdict:
    evidence = collect_evidence(night)
    how = {name: recorded.binding[name] for name in OTHERWISE if name in recorded.binding}
    if not how or evidence.faults or evidence.nothing_new:
        return judge(evidence, night.settings)
    out = recorded.left_out
    if out and not out < evidence.taught:  # there must be something that was learned
        reason = (
            f"{', '.join(sorted(out))} cannot have been left out: the night taught {', '.join(sorted(evidence.taught))}"
        )
        return judge(replace(evidence, faults=[reason]), night.settings)
    evidence = without_lessons(evidence, out)
    folder = decided_on(night.workspace, recorded)
    try:
        evidence = evidence.answering(read_examination(folder / "examination"))
    except (ValueError, SlumberError) as error:
        evidence = replace(evidence, faults=[f"{folder} cannot be read: {str(error).splitlines()[0]}"])
    evidence.binding |= other_binding(folder, how)
    return judge(evidence, night.settings)


def _said(verdict: Verdict) -> tuple:
    """What must come out again. Of rescue there is a note besides, which is no condition."""
    checks = [(check.name, check.status) for check in verdict.checks if check.name in _JUDGED]
    return verdict.night, verdict.verdict, checks, verdict.binding


def _different(one: Verdict, other: Verdict) -> set[str]:
    keys = {key for key in {*one.binding, *other.binding} if one.binding.get(key) != other.binding.get(key)}
    statuses = [{check.name: check.status for check in verdict.checks} for verdict in (one, other)]
    return keys | {n for n in {*statuses[0], *statuses[1]} & _JUDGED if statuses[0].get(n) != statuses[1].get(n)}
