"""The Dagster instance of a workspace: its stores lie in ``.slumber/dagster``, with a dagster.yaml to edit."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
from dagster._core.instance.ref import InstanceRef

from orchestration.storage import check_storage
from steps.workspace import Workspace, write_text

QUEUE_TAG = "slumber/night"
ROUND, TENANT_NIGHT = "tenants", "tenant_night"
"""The job of a round of tenants' nights, and the asset that shows them."""

# Without `storage`, Dagster keeps SQLite files in this folder, which so can be moved.
_YAML = f"""\
# Written once by slumber; edit as you like (https://docs.dagster.io/deployment/oss/dagster-yaml).
# For a storage on another machine see docs/scale.md.
telemetry:
  enabled: false
nux:
  enabled: false
concurrency:
  runs:
    max_concurrent_runs: 1          # nights wait in the queue; the workspace's lock is what really keeps them apart
    tag_concurrency_limits:
      - key: {QUEUE_TAG}
        limit: 1
run_monitoring:
  enabled: true
  start_timeout_seconds: 600
  cancel_timeout_seconds: 180
  max_runtime_seconds: 86400        # the launcher never notices a run that was killed; this frees the queue in the end
"""


def dagster_home(workspace: Workspace) -> Path:
    """Return the folder of the workspace's instance, with a dagster.yaml in it."""
    home = workspace.state / "dagster"
    if not (home / "dagster.yaml").exists():
        write_text(home / "dagster.yaml", _YAML)
    return home


@contextmanager
def opened_instance(workspace: Workspace, *, capture_output: bool = True) -> Iterator[dg.DagsterInstance]:
    """Yield the workspace's instance.

    Args:
        capture_output: keep what runs print. Capturing takes the terminal away from progress bars, so a night that is
            run by hand goes without.

    Raises:
        SlumberError: its Postgres, if it has one, cannot be used.
    """
    check_storage(workspace)
    quiet = {
        "compute_logs": {"module": "dagster._core.storage.noop_compute_log_manager", "class": "NoOpComputeLogManager"}
    }
    ref = InstanceRef.from_dir(str(dagster_home(workspace)), overrides=None if capture_output else quiet)
    with dg.DagsterInstance.from_ref(ref) as instance:
        yield instance


def runs_under_way(instance: dg.DagsterInstance, *, began_before: float | None = None) -> list[dg.DagsterRun]:
    """Return the runs that claim to be under way; of those that began before that time, if one is given."""
    under_way = dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING])
    records = instance.get_run_records(filters=under_way)
    return [one.dagster_run for one in records if began_before is None or (one.start_time or 0.0) < began_before]


def close_dead_runs(
    instance: dg.DagsterInstance, *, but: str | None = None, rounds: bool = False, began_before: float | None = None
) -> list[str]:
    """Mark runs that claim to be under way as failed; return their ids. Call it while holding the workspace's lock.

    Whoever holds the lock knows that nobody else is running: such a run was killed, and would block the queue. Of the
    rounds of tenants' nights only who holds their lock knows it (``rounds``).
    """
    found = [run for run in runs_under_way(instance, began_before=began_before) if run.run_id != but]
    dead = [run for run in found if _is_round(run) == rounds]
    for run in dead:
        instance.report_run_failed(run, message="The process of this night died: run the night again, it will resume.")
    return [run.run_id for run in dead]


def _is_round(run: dg.DagsterRun) -> bool:
    keys = {key.to_user_string() for key in run.asset_selection or ()}
    return run.job_name == ROUND or TENANT_NIGHT in keys


def failed_checks(instance: dg.DagsterInstance, run_id: str) -> dict[str, str]:
    """Return what the blocking checks that failed as errors in a run said, by their names."""
    entries = instance.all_logs(run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION)
    found = [entry.get_dagster_event().asset_check_evaluation_data for entry in entries]
    error = dg.AssetCheckSeverity.ERROR
    # None, not False: refused data is logged as a check without an asset to attach it to.
    failed = [c for c in found if not c.passed and c.severity == error and c.blocking is not False]
    return {check.check_name: check.description or f"the check {check.check_name} failed" for check in failed}
