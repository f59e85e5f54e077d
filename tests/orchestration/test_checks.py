"""The gate's conditions as asset checks: each with its status and figures; a refusal is a warning and stops nothing."""

import dagster as dg
import pytest

from orchestration.checks import WATCH, check_specs, condition_checks, gate_check, watch_told
from orchestration.sensors import morning_watch
from steps.gate.conditions import CONDITIONS
from steps.gate.evidence import Evidence
from steps.gate.judging import judge
from steps.lifecycle import step_of
from steps.records import Check, Verdict
from steps.watch.figures import Comparison, Difference, Tally
from steps.watch.record import Watched, write_watch

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


def watched(state, **more):
    none = {"feedback": Difference(), "answers": Difference()}
    found = Comparison(champion=Tally(sessions=4, rated=3, bad=3), before=Tally(sessions=5), **none)
    known = {"version": "3", "night": NIGHT, "before": "1", "share": 1.0, "comparison": found}
    return Watched(state=state, **known, **more)


@pytest.mark.parametrize(
    ("state", "passed"),
    [("watching", True), ("passed", True), ("unproven", True), ("withdrawn", False), ("stuck", False)],
)
def test_a_champion_that_serves_people_worse_fails_the_check_of_the_watch(state, passed):
    found = watch_told(watched(state, said="so"))
    assert found["passed"] is passed and found["description"] == "so"
    own, before = (record.data for record in found["metadata"]["versions"].records)
    assert (own["version"], own["sessions"], own["bad"]) == ("3", 4, 3) and before["sessions"] == 5
    assert watch_told(None)["passed"]


def test_the_sensor_shows_what_the_watch_finds_once(settings, workspace):
    sensor = morning_watch(settings, workspace)

    def look(cursor=None):
        with dg.DagsterInstance.ephemeral() as instance:
            return sensor(dg.build_sensor_context(instance=instance, cursor=cursor))

    assert "No champion" in look().skip_message
    write_watch(workspace, watched("watching", seconds=60))
    first = look()
    (event,) = first.asset_events
    assert (event.check_name, event.passed, event.asset_key) == (WATCH, True, dg.AssetKey("champion"))
    write_watch(workspace, watched("watching", seconds=120))
    assert isinstance(look(first.cursor), dg.SkipReason), "only time has passed"
    write_watch(workspace, watched("withdrawn", seconds=180, said="it was withdrawn"))
    (event,) = look(first.cursor).asset_events
    assert not event.passed and event.description == "it was withdrawn"
