"""Nights end to end on a tiny model: Dagster, MLflow on SQLite, DVC and Great Expectations are all real."""

import json

import dagster as dg
import pytest
from rich.console import Console

from orchestration.instance import opened_instance
from orchestration.night import run_night
from orchestration.summary import night_json, show_night
from steps.datasets import current_hashes
from steps.gate.conditions import CONDITIONS
from steps.promote.approval import override
from steps.registry import Registry, reading
from steps.registry.lineage import opened_registry
from tests.examined import slept

CONDITION_CHECKS = [name.replace(" ", "_") for name in (condition.name for condition in CONDITIONS)]
FIRST, SECOND = "2026-11-22", "2027-01-05"
FERRY = "# The ferry Aldis\n\nThe ferry Aldis was built in 1938 by the shipwright Edda Krann. Its hull is dark green.\n"
PROBES = [
    {
        "kind": "probe",
        "id": "aldis-1",
        "question": "Who built the ferry Aldis?",
        "answers": ["Edda Krann"],
        "source": "ferry.md",
    },
    {"kind": "probe", "question": "When was the ferry Aldis built?", "answers": ["1938"], "source": "ferry.md"},
]


@pytest.fixture
def inbox(tmp_path):
    folder = tmp_path / "inbox"
    folder.mkdir()
    (folder / "ferry.md").write_text(FERRY)
    (folder / "probes.jsonl").write_text("".join(json.dumps(probe) + "\n" for probe in PROBES) + "not json\n")
    return folder


def materialized(workspace, run_id) -> dict[str, dict]:
    """Metadata by asset of one run, from the workspace's own instance."""
    with opened_instance(workspace) as instance:
        entries = instance.all_logs(run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION)
        found = [entry.dagster_event.step_materialization_data.materialization for entry in entries]
    return {item.asset_key.to_user_string(): dict(item.metadata) for item in found}


def checked(workspace, run_id) -> dict[str, bool]:
    """Whether each asset check of one run passed."""
    with opened_instance(workspace) as instance:
        entries = instance.all_logs(run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION)
    found = [entry.dagster_event.asset_check_evaluation_data for entry in entries]
    return {check.check_name: check.passed for check in found}


def ended(workspace, run_id):
    with opened_instance(workspace) as instance:
        return instance.get_run_by_id(run_id).status


def test_a_refused_night(tiny_settings, workspace, inbox, migrated):
    """A random model learns nothing: everything is shown and kept, and the champion is not touched."""
    outcome = run_night(settings=tiny_settings, workspace=workspace, night=FIRST, inbox=inbox)
    assert outcome.verdict.verdict in ("REJECT", "INCONCLUSIVE") and outcome.verdict.reasons

    assets = materialized(workspace, outcome.run_id)
    assert list(assets) == ["corpus", "dreams", "adapter", "examination", "verdict", "champion"]
    assert ended(workspace, outcome.run_id) == dg.DagsterRunStatus.SUCCESS, "a refusal is a decision, not a failure"
    assert not assets["champion"]["promoted"].value and "Not promoted" in assets["champion"]["message"].value
    assert assets["corpus"]["quarantined"].value == 1
    assert assets["adapter"]["loss"].value.startswith("![loss curve](data:image/png;base64,")
    assert "before_and_after" in assets["examination"] and "report" in assets["champion"]

    evaluated = checked(workspace, outcome.run_id)
    failed = {c.name.replace(" ", "_") for c in outcome.verdict.checks if c.status in ("FAIL", "INCONCLUSIVE")}
    assert failed and not evaluated["gate"]
    assert {name for name in CONDITION_CHECKS if not evaluated[name]} == failed

    champion, candidate = (
        next(v for v in history(tiny_settings, workspace) if a in v.aliases) for a in ("champion", "candidate")
    )
    assert champion.is_night_zero and candidate.night == FIRST
    assert candidate.tags["dagster_run_id"] == outcome.run_id
    hashes = current_hashes(workspace, FIRST)
    assert assets["corpus"]["md5"].value == hashes["corpus"] == candidate.tags["data.corpus"]

    told = night_json(outcome, workspace)
    assert set(told) == {"night", "verdict", "reasons", "counts", "timings", "anchors", "examination", "ledger"}
    assert set(told["anchors"]) == {"base", "champion", "candidate"}
    assert told["timings"]["tokens_per_second"] > 0 and told["timings"]["dream"] > 0
    assert {row["probe"] for row in told["examination"]} >= {"aldis-1"}
    assert {row["model"] for row in told["examination"]} == {"base", "champion", "candidate"}
    assert {row["condition"] for row in told["examination"]} == {"closed", "open"}
    assert told["counts"]["records"] == len(told["ledger"]) == 4
    assert outcome.report.is_file()

    console = Console(record=True, width=120, file=open("/dev/null", "w"))  # noqa: SIM115
    show_night(outcome, settings=tiny_settings, workspace=workspace, console=console)
    shown = console.export_text()
    assert all(
        word in shown for word in (outcome.verdict.verdict, "probes.jsonl line 3", "tokens/s", "/runs/", "report")
    )


def test_a_night_starts_by_going_back_from_an_override_that_ended(
    tiny_settings, workspace, inbox, migrated, capsys, planted_verdicts
):
    """What people decided since the last night is done before anything is trained on the wrong champion."""
    opened_registry(tiny_settings, workspace)
    slept(tiny_settings, workspace, night="2026-11-21", verdict="REJECT")
    override(settings=tiny_settings, workspace=workspace, version="2", reason="because", by="Ada")
    registry = Registry(tiny_settings, workspace)
    registry.client.set_model_version_tag("slumber", "2", "override_until", "2026-11-21")
    (inbox / "ferry.md").unlink()
    (inbox / "probes.jsonl").unlink()
    outcome = run_night(settings=tiny_settings, workspace=workspace, night=FIRST, inbox=inbox)
    assert outcome.verdict.verdict == "NO_OP" and reading.champion(registry).version == "1"
    told = " ".join(capsys.readouterr().err.split())
    assert "The override of Ada, by which version 2 serves, ended on 2026-11-21" in told


def test_a_promoted_night_its_repetition_and_a_night_without_news(
    tiny_settings, workspace, inbox, migrated, monkeypatch
):
    """Run again, a promoted night arrives at the same verdict and version; with nothing new the champion stays."""
    monkeypatch.setattr("steps.gate.judging._verdict", lambda checks: "PROMOTE")
    first = run_night(settings=tiny_settings, workspace=workspace, night=FIRST, inbox=inbox)
    assert list(materialized(workspace, first.run_id))[-1] == "champion"
    (champion,) = [v for v in history(tiny_settings, workspace) if "champion" in v.aliases]
    assert champion.night == FIRST and champion.verdict == "PROMOTE"

    again = run_night(settings=tiny_settings, workspace=workspace, night=FIRST, inbox=inbox)
    assert again.verdict == first.verdict
    assert materialized(workspace, again.run_id)["examination"]["reused"].value == "examine"
    assert [v.version for v in history(tiny_settings, workspace)] == ["2", "1"]

    second = run_night(settings=tiny_settings, workspace=workspace, night=SECOND, inbox=inbox)
    assert second.verdict.verdict == "NO_OP"
    assets = materialized(workspace, second.run_id)
    assert len(assets) == 6 and "skipped" in assets["adapter"] and not assets["champion"]["promoted"].value
    assert [v.version for v in history(tiny_settings, workspace) if "champion" in v.aliases] == [champion.version]
    assert night_json(second, workspace)["examination"] == []
    assert set(current_hashes(workspace, SECOND)) >= {"corpus", "ledger", "dreams"}


def history(settings, workspace):
    return reading.history(Registry(settings, workspace))


def test_what_a_night_says_to_programs_tells_which_night_and_how_it_ended(
    tiny_settings, workspace, tmp_path, monkeypatch, capfd
):
    monkeypatch.setenv("SLUMBER_LOG", "json")
    (tmp_path / "inbox").mkdir()
    assert run_night(settings=tiny_settings, workspace=workspace, night=FIRST, inbox=tmp_path / "inbox")
    lines = [json.loads(line) for line in capfd.readouterr().err.splitlines() if line.startswith("{")]
    assert {line["night"] for line in lines} == {FIRST}
    assert {line["asset"] for line in lines if "done in" in line["message"]} >= {"corpus", "champion"}
    (end,) = [line for line in lines if "verdict" in line]
    assert end["verdict"] == "NO_OP" and end["seconds"] >= 0 and end["message"].startswith(f"Night {FIRST}: NO_OP")


def test_a_night_that_waits_is_not_told_to_have_nothing_to_learn(tiny_settings, workspace, inbox, migrated):
    waits = {"night": {"wait": True}, "gate": {"min_probes": 50}}
    changed = {name: getattr(tiny_settings, name).model_copy(update=values) for name, values in waits.items()}
    run_night(settings=tiny_settings.model_copy(update=changed), workspace=workspace, night=FIRST, inbox=inbox)
    verdict, promotion = (workspace.night_dir(FIRST) / name for name in ("verdict.json", "promotion.json"))
    assert "waits for the next nights" in verdict.read_text()
    told = json.loads(promotion.read_text())["message"]
    assert told == "Not promoted: Nothing was trained tonight. The champion is unchanged."
