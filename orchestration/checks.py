"""Asset checks: Great Expectations on what the night wrote and the leak check, which block; and the gate, which tells.

A candidate that the gate refuses is a decision and no failure: its night goes on to its end, and says so at the check
`gate`. What keeps it from serving is the promotion, which reads the recorded verdict and not a check.
"""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import dagster as dg

from orchestration.metadata import conditions as conditions_table
from orchestration.metadata import table
from steps.errors import DataRefused, SlumberError
from steps.gate import conditions
from steps.gate.verdict import read_verdict
from steps.manifest import StepRecord
from steps.night import Night
from steps.progress import say
from steps.records import Check, Dream, Probe, Verdict
from steps.report.wording import flat
from steps.step import Step
from steps.watch.record import STATES, Watched
from steps.workspace import read_records

ERROR, WARN = dg.AssetCheckSeverity.ERROR, dg.AssetCheckSeverity.WARN

EXPECTATIONS, WATCH = "expectations", "morning_watch"


def _key(condition: str) -> str:
    return condition.replace(" ", "_")


def check_specs(step: Step) -> list[dg.AssetCheckSpec]:
    """The checks that a step's asset shows: of a step with expectations, of the dreams, and of the gate."""
    specs = []
    if "expectations" in step.figures.model_fields:
        says = "Great Expectations: a critical failure stops the night, what is refused besides is a warning."
        specs.append(dg.AssetCheckSpec(EXPECTATIONS, asset=step.asset, blocking=True, description=says))
    if step.name == "dream":
        says = "No dream repeats a probe's wording."
        specs.append(dg.AssetCheckSpec("no_leak", asset=step.asset, blocking=True, description=says))
    if step.name == "rescue":
        says = "May the candidate serve? Passed for PROMOTE, and for NO_OP, with which there is nothing to decide."
        specs.append(dg.AssetCheckSpec("gate", asset=step.asset, description=says))
        specs += [dg.AssetCheckSpec(_key(c.name), asset=step.asset, description=c.says) for c in conditions.CONDITIONS]
    if step.name == "promote":
        says = "Do people fare as well with the champion as with the version before it? `slumber watch` shows it, too."
        specs.append(dg.AssetCheckSpec(WATCH, asset=step.asset, description=says))
    return specs


def check_results(step: Step, record: StepRecord, night: Night) -> list[dg.AssetCheckResult]:
    """What the checks of ``check_specs`` found."""
    results = []
    if "expectations" in step.figures.model_fields:
        results.append(expectations_check(record))
    if step.name == "dream":
        results.append(leak_check(night))
    if step.name == "rescue":
        verdict = read_verdict(night.workspace, night.date)
        results += [gate_check(verdict), *condition_checks(verdict)]
    if step.name == "promote":
        results.append(dg.AssetCheckResult(check_name=WATCH, severity=WARN, **watch_told(record.figures.watch)))
    return results


def watch_told(watched: Watched | None) -> dict[str, Any]:
    """What the check of the morning watch says; a champion that nobody watched has not failed."""
    if watched is None:
        return {"passed": True, "description": "No champion was watched yet.", "metadata": {}}
    says = watched.problem or watched.said or f"version {watched.version} is {STATES[watched.state]}"
    figures = {
        "state": STATES[watched.state],
        "night": watched.night,
        "watched_for_hours": round(watched.seconds / 3600, 2),
        "share_of_talks": watched.share,
        "versions": table(watched.rows()),
    }
    return {"passed": not watched.failed, "description": says, "metadata": figures}


@contextmanager
def step_errors(context: dg.AssetExecutionContext, doing: str) -> Iterator[None]:
    """Say what is being done and how long it took; a SlumberError becomes a failure with its sentence, without retry.

    Refused data is also recorded as the asset's failed check, though there is no materialization to attach it to.
    """
    say(f"{context.asset_key.to_user_string()}: {doing} ...")
    start = time.perf_counter()
    try:
        yield
        say(f"{context.asset_key.to_user_string()}: done in {time.perf_counter() - start:.0f} s")
    except SlumberError as error:
        if isinstance(error, DataRefused):
            context.log_event(
                dg.AssetCheckEvaluation(
                    asset_key=context.asset_key,
                    check_name=error.check,
                    passed=False,
                    metadata={},
                    severity=ERROR,
                    description=str(error),
                )
            )
        raise dg.Failure(description=str(error), allow_retries=False) from error


def expectations_check(record: StepRecord) -> dg.AssetCheckResult:
    """What the suites said of a step's records. A quarantined record and a refused dream are warnings."""
    figures = record.figures
    tables = figures.expectations if isinstance(figures.expectations, dict) else {"dreams": figures.expectations}
    rows = [{"dataset": name, **row} for name, found in tables.items() for row in found]
    critical = [row["name"] for row in rows if not row["success"] and row["severity"] == "critical"]
    refused = getattr(figures, "quarantined", sum(int(row["unexpected"]) for row in rows))
    return dg.AssetCheckResult(
        check_name=EXPECTATIONS,
        passed=not critical and refused == 0,
        severity=ERROR if critical else WARN,
        description=f"critical: {', '.join(critical)}" if critical else f"{refused} quarantined",
        metadata={"quarantined": refused, "expectations": table(rows)},
    )


def leak_check(night: Night) -> dg.AssetCheckResult:
    """Whether a stored dream gives a probe away: looked for in the files as they are, whoever wrote them."""
    from steps.dream.holdouts import leaks

    dreams = read_records(night.dataset("dreams"), Dream)
    probes = [p for name in ("probes", "holdouts") for p in read_records(night.dataset(name), Probe)]
    found = leaks(dreams, probes)
    return dg.AssetCheckResult(check_name="no_leak", passed=not found, severity=ERROR, metadata={"leaks": len(found)})


def gate_check(verdict: Verdict) -> dg.AssetCheckResult:
    """Passed for PROMOTE, and for NO_OP, with which there is nothing to promote; a warning for a refusal."""
    return dg.AssetCheckResult(
        check_name="gate",
        passed=verdict.verdict in ("PROMOTE", "NO_OP"),
        severity=WARN,
        description=f"{verdict.verdict}: {'; '.join(verdict.reasons)}",
        metadata={"verdict": verdict.verdict, "conditions": conditions_table(verdict.checks)},
    )


def condition_checks(verdict: Verdict) -> list[dg.AssetCheckResult]:
    """One result for each condition: a FAIL is an error, INCONCLUSIVE, or not judged at all, is a warning."""
    found = {check.name: check for check in verdict.checks}
    return [
        _condition(name, found.get(name), verdict) for name in (condition.name for condition in conditions.CONDITIONS)
    ]


def _condition(name: str, check: Check | None, verdict: Verdict) -> dg.AssetCheckResult:
    if check is None:
        idle = verdict.verdict == "NO_OP"
        check = Check(
            name=name,
            status="NOT_APPLICABLE" if idle else "INCONCLUSIVE",
            reason=f"not judged: {'; '.join(verdict.reasons)}",
        )
    return dg.AssetCheckResult(
        check_name=_key(name),
        passed=check.status in ("PASS", "NOT_APPLICABLE"),
        severity=ERROR if check.status == "FAIL" else WARN,
        description=f"{check.status}: {check.reason}",
        metadata={"status": check.status, **{key: _figure(value) for key, value in flat(check.figures)}},
    )


def _figure(value: Any) -> str | int | float:
    """A number as such; what JSON has no number for, and the rest, as text."""
    return value if isinstance(value, int | float) and math.isfinite(value) else str(value)
