"""Definitions load, equal the stored snapshot, and never need Dagster's string selections."""

import ast
import json
from pathlib import Path

import dagster as dg
import pytest

from orchestration.definitions import build
from orchestration.environment import Deployment
from steps.settings import REPOSITORY
from steps.workspace import Workspace

SNAPSHOT = Path(__file__).with_name("definitions_snapshot.json")


@pytest.fixture
def deployment(settings, workspace, tmp_path):
    return Deployment(settings=settings, workspace=workspace, inbox=tmp_path / "inbox")


def described(definitions: dg.Definitions) -> dict:
    repository = definitions.get_repository_def()
    graph = repository.asset_graph
    jobs = {name: definitions.resolve_job_def(name) for name in ("sleep", "forget")}
    return {
        "assets": {
            key.to_user_string(): {
                "after": sorted(parent.to_user_string() for parent in graph.get(key).parent_keys),
                "group": graph.get(key).group_name,
                "partitions": type(graph.get(key).partitions_def).__name__,
                "described": bool(graph.get(key).description),
            }
            for key in sorted(graph.get_all_asset_keys())
        },
        "checks": {
            f"{key.asset_key.to_user_string()}/{key.name}": {"blocking": graph.get_check_spec(key).blocking}
            for key in sorted(graph.asset_check_keys, key=str)
        },
        "jobs": {
            name: {
                "assets": sorted(key.to_user_string() for key in job.asset_layer.executable_asset_keys),
                "executor": job.executor_def.name,
                "tags": dict(job.tags),
            }
            for name, job in jobs.items()
        },
        "schedules": {
            s.name: {
                "cron": s.cron_schedule,
                "timezone": s.execution_timezone,
                "job": s.job_name,
                "status": s.default_status.value,
            }
            for s in repository.schedule_defs
        },
        "sensors": {
            s.name: {"type": s.sensor_type.value, "status": s.default_status.value} for s in repository.sensor_defs
        },
        "resources": sorted(repository.get_top_level_resources()),
    }


def test_definitions_equal_the_snapshot(deployment):
    """An accidentally un-gated asset or job shows up here. Update: print ``described`` and review the difference."""
    assert described(build(deployment)) == json.loads(SNAPSHOT.read_text())


def test_no_string_selections_anywhere():
    """Under antlr4-python3-runtime 4.9, which DVC's dependencies need, Dagster cannot parse them."""
    for path in (REPOSITORY / "orchestration").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.keyword) and node.arg in ("selection", "target", "asset_selection"):
                strings = [n for n in [node.value, *getattr(node.value, "elts", [])] if isinstance(n, ast.Constant)]
                assert not strings, f"{path}, line {node.value.lineno}: a string selection"
            if isinstance(node, ast.Attribute):
                assert node.attr != "from_string", f"{path}, line {node.lineno}: a string selection"


@pytest.mark.parametrize("night", ["2025-03-01", "2026-11-22", "2027-01-05", "2031-12-31"])
def test_any_night_can_be_a_partition(deployment, night):
    definitions = build(deployment, nights=(night,))
    partitions = definitions.resolve_job_def("sleep").partitions_def
    assert partitions.has_partition_key(night)


def test_nights_of_the_workspace_stay_visible(settings, tmp_path):
    workspace = Workspace(tmp_path)
    workspace.dataset("ledger", "2025-03-01").parent.mkdir(parents=True)
    workspace.dataset("ledger", "2025-03-01").touch()
    deployment = Deployment(settings=settings, workspace=workspace, inbox=tmp_path)
    assert build(deployment).resolve_job_def("sleep").partitions_def.get_first_partition_key() == "2025-03-01"


def test_a_tick_asks_for_the_local_date(deployment):
    """At 03:00 in Berlin it is still 02:00, or 01:00, in UTC: the night is the local date of the scheduled time."""
    from datetime import datetime
    from zoneinfo import ZoneInfo

    definitions = build(deployment, nights=("2027-07-01",))
    schedule = definitions.get_repository_def().get_schedule_def("nightly")
    for when in (
        datetime(2026, 11, 22, 2, tzinfo=ZoneInfo("UTC")),
        datetime(2027, 7, 1, 0, 30, tzinfo=ZoneInfo("Europe/Berlin")),
    ):
        local = when.astimezone(ZoneInfo("Europe/Berlin"))
        with dg.instance_for_test() as instance:
            context = dg.build_schedule_context(
                instance=instance, scheduled_execution_time=local, repository_def=definitions.get_repository_def()
            )
            (request,) = schedule.evaluate_tick(context).run_requests
        assert request.partition_key == local.date().isoformat()
        assert request.tags["dagster/partition"] == request.partition_key
