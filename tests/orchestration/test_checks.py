"""The gate's conditions as asset checks: each with its status and figures; a refusal is a warning and stops nothing."""

import dagster as dg
import pytest

from orchestration.checks import check_specs, condition_checks, gate_check
from steps.gate.conditions import CONDITIONS
from steps.gate.evidence import Evidence
from steps.gate.judging import judge
from steps.lifecycle import step_of
from steps.records import Check, Verdict

NIGHT = "2026-11-22"
ERROR, WARN = dg.AssetCheckSeverity.ERROR, dg.AssetCheckSeverity.WARN


def verdict(word, *checks):
    return Verdict(night=NIGHT, verdict=word, reasons=("why",), checks=checks)


def results(found):
    return {result.check_name: result for result in condition_checks(found)}


def test_every_condition_of_the_gate_is_a_check(settings):
    told = judge(Evidence(NIGHT), settings).checks
    assert [check.name for check in told] == [condition.name for condition in CONDITIONS]
    declared = {spec.name: spec.blocking for spec in check_specs(step_of("rescue"))}
    assert not any(declared.values())
    assert declared.keys() == {"gate", *results(verdict("NO_OP"))}


@pytest.mark.parametrize(
    ("status", "passed", "severity"),
    [("PASS", True, None), ("FAIL", False, ERROR), ("INCONCLUSIVE", False, WARN), ("NOT_APPLICABLE", True, None)],
)
def test_a_condition_shows_its_status_and_figures(status, passed, severity):
    figures = {"items": 60, "lower_bound": float("-inf"), "surfaced": {"champion": 1}}
    check = Check(name="canaries", status=status, reason="said", figures=figures)
    found = results(verdict("REJECT", check))["canaries"]
    assert found.passed is passed and found.description == f"{status}: said"
    assert severity is None or found.severity == severity
    shown = {name: value.value for name, value in found.metadata.items()}
    assert shown == {"status": status, "items": 60, "lower bound": "-inf", "surfaced: champion": 1}


@pytest.mark.parametrize(
    ("word", "passed"), [("PROMOTE", True), ("NO_OP", True), ("REJECT", False), ("INCONCLUSIVE", False)]
)
def test_a_refusal_is_a_warning(word, passed):
    found = gate_check(verdict(word))
    assert found.passed is passed and found.severity == WARN and found.description == f"{word}: why"


def test_what_was_not_judged_passes_only_if_there_was_nothing_to_judge():
    assert all(result.passed for result in results(verdict("NO_OP")).values()) and gate_check(verdict("NO_OP")).passed
    faulty = results(verdict("INCONCLUSIVE"))
    assert len(faulty) == len(CONDITIONS)
    assert not any(result.passed for result in faulty.values())
    assert {result.severity for result in faulty.values()} == {WARN}
