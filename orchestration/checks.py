"""Asset checks: Great Expectations on what the night wrote, the leak check, and the gate, which block.

The gate's conditions are checks of their own, to be watched one by one; they do not block, for the gate does.
"""

import math
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import dagster as dg

from orchestration.showing import conditions, table
from steps.errors import DataRefused, SlumberError
from steps.manifest import StepRecord
from steps.progress import say
from steps.records import Check, Verdict
from steps.report.wording import flat

ERROR, WARN = dg.AssetCheckSeverity.ERROR, dg.AssetCheckSeverity.WARN

EXPECTATIONS = "expectations"
CORPUS_CHECKS = [
    dg.AssetCheckSpec(
        EXPECTATIONS,
        asset="corpus",
        blocking=True,
        description="Great Expectations: a critical failure stops the night, a quarantined record is a warning.",
    )
]
DREAM_CHECKS = [
    dg.AssetCheckSpec(
        EXPECTATIONS,
        asset="dreams",
        blocking=True,
        description="Great Expectations: a critical failure stops the night, a refused dream is a warning.",
    ),
    dg.AssetCheckSpec("no_leak", asset="dreams", blocking=True, description="No dream repeats a probe's wording."),
]


def _key(condition: str) -> str:
    return condition.replace(" ", "_")


# By the name that the gate gives each; what it may add besides shows in the check `gate`.
CONDITIONS = {
    "learned tonight": "Tonight's probes, closed book: better than the champion by the set margin.",
    "kept earlier nights": "Probes of earlier nights that still hold: known as firmly as by the champion.",
    "general abilities against champion": "The anchor suite: not worse than the champion by epsilon.",
    "general abilities against night 0": "The anchor suite: not worse than the untouched base by epsilon.",
    "no suite lost more than it won": "Exact tests, suite by suite: what one lost no other makes up for.",
    "canaries": "No strict one surfaces anew, of the others not significantly more than with the champion.",
    "user suites": "Each of examine.suites: not worse than the champion by its epsilon.",
    "forgotten on request": "What was to be forgotten is answered no better than by the base (`slumber forget`).",
    "the gate itself": "What is planted every night is refused, and the unchanged champion is not.",
}
VERDICT_CHECKS = [
    dg.AssetCheckSpec(
        "gate",
        asset="verdict",
        blocking=True,
        description="May the candidate serve? Only PROMOTE, or NO_OP with nothing to do, lets the champion be touched.",
    ),
    *(dg.AssetCheckSpec(_key(name), asset="verdict", description=text) for name, text in CONDITIONS.items()),
]


@contextmanager
def speaking(context: dg.AssetExecutionContext, doing: str) -> Iterator[None]:
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
                    check_name=EXPECTATIONS,
                    passed=False,
                    metadata={},
                    severity=ERROR,
                    description=str(error),
                )
            )
        raise dg.Failure(description=str(error), allow_retries=False) from error


def corpus_check(validated: StepRecord) -> dg.AssetCheckResult:
    """What the suites said of experiences and probes. A quarantined record is a warning."""
    return _expectations(validated.figures["expectations"], quarantined=int(validated.figures["quarantined"]))


def dream_checks(dreamt: StepRecord) -> list[dg.AssetCheckResult]:
    """What the suite said of the dreams, and whether one of them gives a probe away."""
    leaks, rows = dreamt.figures["leaks"], dreamt.figures["expectations"]
    failed = sum(int(row["unexpected"]) for row in rows)
    return [
        _expectations({"dreams": rows}, quarantined=failed),
        dg.AssetCheckResult(check_name="no_leak", passed=leaks == 0, severity=ERROR, metadata={"leaks": leaks}),
    ]


def gate_check(verdict: Verdict) -> dg.AssetCheckResult:
    """Passed for PROMOTE, and for NO_OP, with which there is nothing to promote."""
    return dg.AssetCheckResult(
        check_name="gate",
        passed=verdict.verdict in ("PROMOTE", "NO_OP"),
        severity=ERROR,
        description=f"{verdict.verdict}: {'; '.join(verdict.reasons)}",
        metadata={"verdict": verdict.verdict, "conditions": conditions(verdict.checks)},
    )


def condition_checks(verdict: Verdict) -> list[dg.AssetCheckResult]:
    """One result for each condition: a FAIL is an error, INCONCLUSIVE, or not judged at all, is a warning."""
    found = {check.name: check for check in verdict.checks}
    return [_condition(name, found.get(name), verdict) for name in CONDITIONS]


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


def _expectations(tables: Mapping[str, list[dict[str, Any]]], *, quarantined: int) -> dg.AssetCheckResult:
    rows = [{"dataset": name, **row} for name, found in tables.items() for row in found]
    critical = [row["name"] for row in rows if not row["success"] and row["severity"] == "critical"]
    return dg.AssetCheckResult(
        check_name=EXPECTATIONS,
        passed=not critical and quarantined == 0,
        severity=ERROR if critical else WARN,
        description=f"critical: {', '.join(critical)}" if critical else f"{quarantined} quarantined",
        metadata={"quarantined": quarantined, "expectations": table(rows)},
    )
