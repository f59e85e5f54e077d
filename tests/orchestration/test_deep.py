"""`slumber deep`: rebuilt out of what still holds, smaller, and served only if nothing is worse."""

from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bench.gate_demo import SECOND
from orchestration import cli, deep
from orchestration.definitions import build
from orchestration.environment import Deployment
from orchestration.status import status_table
from steps.checkpoint import adapter_config
from steps.consolidate.nightly import _learnable
from steps.consolidate.step import ConsolidateStep
from steps.deep.reasons import reasons
from steps.errors import SlumberError
from steps.examine.step import ExamineStep
from steps.night import Told
from steps.records import Check, Dream, Verdict
from steps.registry import Registry, reading
from steps.registry.lineage import training_start
from steps.workspace import DEEP, Workspace, file_sha256, read_records, write_records


def with_deep(deployment, **knobs):
    settings = deployment.settings.model_copy(update={"deep": deployment.settings.deep.model_copy(update=knobs)})
    return Deployment(settings=settings, workspace=deployment.workspace, inbox=deployment.inbox)


def test_all_that_holds_is_learned_again_smaller_and_serves(deployment):
    found = deployment
    workspace, before = found.workspace, file_sha256(found.workspace.night_dir(SECOND))
    done = deep.run_deep(found)

    assert done.verdict.verdict == "PROMOTE", done.verdict.reasons
    registry = Registry(found.settings, workspace)
    champion = reading.champion(registry)
    assert champion.version == done.serves == "3" and champion.deep and champion.night == SECOND
    work = Workspace(workspace.root, DEEP)
    trained = ConsolidateStep.read(work, SECOND).figures
    assert (trained.begins_with, trained.cohorts) == ("the base", ["2026-01-01", SECOND])
    assert adapter_config(work.night_dir(SECOND) / "adapter")["r"] == 32, "two nights of rank 16: room enough"
    assert champion.adapter_sha256 == file_sha256(work.night_dir(SECOND) / "adapter")
    learned = next(check for check in done.verdict.checks if check.name == "learned tonight")
    assert learned.status == "NOT_APPLICABLE" and "deep sleep" in learned.reason
    assert next(c for c in done.verdict.checks if c.name == "kept earlier nights").status == "PASS"
    assert file_sha256(workspace.night_dir(SECOND)) == before, "what the night itself left is as it was"
    start = training_start(settings=found.settings, workspace=workspace, night="2026-01-09")
    assert start.version == "3" and start.nights == ("2026-01-01", SECOND), "the next night goes on from it"
    assert "Version 3 serves" in deep.deep_text(done)
    page = Path(done.report).read_text()
    assert "report of the deep sleep up to" in page and "Not finished" not in page
    again = deep.run_deep(found)
    assert again.serves == "3" and ExamineStep.read(work, SECOND).figures.champion == "2"


def test_what_does_not_serve_is_not_learned_by_the_way(deployment):
    """Nothing would ask whether it was learned: what was refused or rolled back waits for an ordinary night."""
    refused = "2026-01-07"
    dream = read_records(deployment.workspace.dataset("dreams", SECOND), Dream)[0]
    later = dream.model_copy(update={"id": "later", "night": refused, "question": "Who owns the lost quay?"})
    write_records(deployment.workspace.dataset("dreams", refused), [later])
    night = deployment.night(refused)
    assert _learnable(replace(night, workspace=night.workspace.of(DEEP))) == ["2026-01-01", SECOND]
    assert _learnable(night) == ["2026-01-01", SECOND, refused]
    nobody = replace(night, workspace=night.workspace.of(DEEP), lineage=Told())
    assert _learnable(nobody) == [], "while the base serves there is nothing to rebuild"


def test_a_worse_one_does_not_serve(deployment):
    found = with_deep(deployment, rank=2)  # which cannot hold what two nights taught
    done = deep.run_deep(found)
    work = Workspace(found.workspace.root, DEEP)
    assert adapter_config(work.night_dir(SECOND) / "adapter")["r"] == 2
    assert done.verdict.verdict in ("REJECT", "INCONCLUSIVE") and done.serves == "2"
    assert not any(
        v.deep and v.tags.get("promoted_at") for v in reading.history(Registry(found.settings, found.workspace))
    )


@pytest.mark.parametrize(("knobs", "due"), [({"full": 0.01}, True), ({"full": 1.0}, False)])
def test_it_is_due_when_the_ranks_are_used_up_and_the_status_says_so(deployment, knobs, due):
    found = with_deep(deployment, **knobs)
    rank = next(r for r in reasons(found.settings, found.workspace) if r.name == "rank")
    assert rank.due is due and "of 128" in rank.says
    rows = [list(column.cells) for column in status_table(found).columns]
    assert any("deep sleep" in str(cell) for cell in rows[0]) is due


def test_what_holds_no_more_counts(deployment):
    rank, drift, stale = reasons(deployment.settings, deployment.workspace)
    assert stale.used == 0.0 and "taught facts hold no more" in stale.says
    assert drift.used is not None and not drift.due and rank.used is not None


def test_the_schedule_says_why_it_skips(deployment):
    definitions = build(deployment)
    assert {s.name for s in definitions.schedules} >= {"nightly", "deep_sleep"}
    assert {job.name for job in definitions.jobs} >= {"sleep", "deep", "forget"}


def test_without_a_night_there_is_nothing_to_rebuild(settings, workspace):
    empty = Deployment(settings=settings, workspace=workspace, inbox=workspace.root)
    with pytest.raises(SlumberError, match="Nothing was learned yet"):
        deep.run_deep(empty)


def test_the_command_says_why_and_does_nothing_when_asked_only_that(deployment, monkeypatch):
    monkeypatch.setattr(deep, "run_deep", lambda found: pytest.fail("it ran"))
    result = CliRunner().invoke(cli.app, ["deep", "--dry-run", "--workspace", str(deployment.workspace.root)])
    assert result.exit_code == 0, result.output
    assert "not due" in result.output and "taught facts hold no more" in result.output


def test_each_reason_bears_the_mark_that_it_has_in_a_night():
    checks = (
        Check(name="learned", status="PASS", reason="12 of 12"),
        Check(name="kept", status="FAIL", reason="9 of 12"),
    )
    verdict = Verdict(night=SECOND, verdict="REJECT", reasons=("learned: 12 of 12", "kept: 9 of 12"), checks=checks)
    lines = deep.deep_text(deep.DeepOutcome(SECOND, verdict, "report.html", "2")).splitlines()
    assert lines[1:3] == ["  ✗ kept: 9 of 12", "  ✓ learned: 12 of 12"]
