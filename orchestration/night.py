"""Run one night through Dagster, in this process."""

import contextlib
import time
import traceback
import uuid
import warnings
from dataclasses import dataclass
from pathlib import Path
from shutil import disk_usage
from typing import Any

from orchestration.alerts import record_alert
from orchestration.environment import Deployment, prepare_libraries
from orchestration.niceness import be_nice
from orchestration.notify import notify
from orchestration.storage import check_storage, storage_told
from steps.errors import DiskFull, NightRunning, SlumberError, full_disk_told
from steps.gate.verdict import read_verdict
from steps.preflight import check_settings
from steps.progress import say
from steps.records import Verdict
from steps.settings import Settings
from steps.structured import within
from steps.tenants import LastNight, note_night
from steps.workspace import Workspace, check_night, write_text

_ROOM = 2**20  # bytes: with less nothing can be written, whatever the libraries make of it
EARLIEST, LATEST = "2000-01-01", "2099-12-31"


class NightFailed(SlumberError):
    """Something that no user's mistake explains; the traceback is in the night's error.log."""

    exit_code = 1


@dataclass(frozen=True)
class NightOutcome:
    """How a night ended; everything else about it is in the files of its workspace."""

    night: str
    verdict: Verdict
    run_id: str
    report: Path
    seconds: float


def run_night(*, settings: Settings, workspace: Workspace, night: str, inbox: Path) -> NightOutcome:
    """Run a night of everybody: ``run_night_of``."""
    return run_night_of(Deployment(settings=settings, workspace=workspace, inbox=inbox), night)


def run_night_of(deployment: Deployment, night: str) -> NightOutcome:
    """Run the job `sleep` for ``night`` and return its verdict, whatever it is. Run again, a killed night resumes.

    Raises:
        SlumberError: the night cannot begin with these settings, or a step said why it cannot go on. NightRunning:
            another night runs. NightFailed: anything else.
    """
    with within(night=check_night(night)):
        return _run_night_of(deployment, night)


def _run_night_of(deployment: Deployment, night: str) -> NightOutcome:
    settings, workspace, inbox = deployment.settings, deployment.workspace, deployment.inbox
    if not EARLIEST <= night <= LATEST:
        raise SlumberError(f"Night {night} is out of reach: nights lie between {EARLIEST} and {LATEST}.")
    try:
        check_settings(settings, workspace=workspace, inbox=inbox)
        check_storage(workspace)
    except SlumberError as error:
        _not_begun(error, deployment, night)
        raise
    with workspace.lock(night):
        pass  # refuse a second night at once, before seconds of imports; the run takes the lock again, to keep it
    be_nice(settings.night.nice)  # before libraries that start threads
    whose = f" of {deployment.tenant}" if deployment.tenant else ""
    say(f"Night {night}{whose}: the settings are in order; Dagster and MLflow are being loaded ...")
    prepare_libraries(settings)
    start, error_log = time.perf_counter(), workspace.night_dir(night) / "error.log"
    error_log.unlink(missing_ok=True)
    began = time.time()
    if deployment.tenant:
        note_night(workspace, LastNight(began, night))
    run_id = execute(deployment, night)
    if deployment.tenant:
        note_night(workspace, LastNight(began, night, 0))
    verdict = read_verdict(workspace, night)
    if verdict.verdict in ("REJECT", "INCONCLUSIVE"):
        _tell(deployment, event=verdict.verdict, night=night, run_id=run_id, reasons=verdict.objections())
    return NightOutcome(
        night=night,
        verdict=verdict,
        run_id=run_id,
        report=workspace.night_dir(night) / "report.html",
        seconds=time.perf_counter() - start,
    )


def execute(deployment: Deployment, night: str, *, job: str = "sleep") -> str:
    """Execute a job for ``night`` and return the id of its run; a candidate that the gate refuses is no failure.

    Raises:
        SlumberError: as ``run_night``.
    """
    warnings.filterwarnings("ignore", module="dagster")
    from dagster._core.errors import DagsterExecutionInterruptedError

    from orchestration.definitions import build
    from orchestration.instance import opened_instance

    run_id = str(uuid.uuid4())
    quiet = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}  # steps show their progress themselves
    with opened_instance(deployment.workspace, capture_output=False) as instance:
        # Resolved with the instance open: Dagster looks for stored definitions in the last one that was opened here.
        resolved = build(deployment, nights=(night,)).resolve_job_def(job)
        try:
            with full_disk_told():
                resolved.execute_in_process(instance=instance, partition_key=night, run_id=run_id, run_config=quiet)
        except DagsterExecutionInterruptedError:  # what Dagster makes of Ctrl-C and SIGTERM
            raise KeyboardInterrupt from None
        except Exception as error:
            raise _told(error, deployment, night=night, run_id=run_id) from error
    return run_id


def _told(error: Exception, deployment: Deployment, *, night: str, run_id: str) -> SlumberError:
    """Return what to say of a failed run, after recording it where its owner will look, and telling them."""
    workspace = deployment.workspace
    causes = _causes(error)
    told = next((cause for cause in causes if isinstance(cause, SlumberError)), None) or storage_told(causes)
    if told is None:
        log = workspace.night_dir(night) / "error.log"
        with contextlib.suppress(OSError):  # as below
            write_text(log, "".join(traceback.format_exception(error)))
        reason = " ".join(str(causes[-1]).split())[:300] or "no reason given"
        told = NightFailed(f"Night {night} failed unexpectedly ({type(causes[-1]).__name__}: {reason}); see {log}.")
        if disk_usage(workspace.root).free < _ROOM:
            told = DiskFull(f"The disk is full: free some space and run night {night} again; nothing was lost.")
    if not isinstance(told, NightRunning):
        with contextlib.suppress(OSError):  # a full disk must not hide what it caused
            record_alert(workspace, night=night, run_id=run_id, message=str(told))
        _tell(deployment, event="FAILED", night=night, run_id=run_id, reasons=[str(told)])
    return told


def _not_begun(error: SlumberError, deployment: Deployment, night: str) -> None:
    """Tell the owner of a night that could not begin; a workspace that holds nothing yet is left so."""
    if deployment.workspace.state.is_dir():
        with contextlib.suppress(OSError):  # it may be the workspace that cannot be written
            record_alert(deployment.workspace, night=night, run_id="", message=str(error))
    _tell(deployment, event="FAILED", night=night, run_id="", reasons=[str(error)])


def _tell(deployment: Deployment, **what: Any) -> None:
    """Notify of a night; a hook that fails is said and changes nothing."""
    for line in notify(deployment.settings, deployment.workspace, **what):
        say(line)


def _causes(error: BaseException | None) -> list[BaseException]:
    found = []
    while error is not None and error not in found:
        found.append(error)
        error = error.__cause__
    return found
