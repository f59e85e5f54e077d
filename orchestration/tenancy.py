"""Tenants from outside: who there is and what waits, whose night is run, and how one is removed for good."""

import contextlib
import os
import shutil
import subprocess
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

from orchestration.environment import Deployment
from orchestration.fairness import Slept, Turn, run_round
from orchestration.storage import storage_address
from orchestration.tenant_night import end, sleep
from steps.consolidate.bucket import clear_checkpoints
from steps.diary import FOLDER as DIARY
from steps.errors import SlumberError
from steps.gate.verdict import read_verdict
from steps.records import Verdict
from steps.registry import Registry
from steps.registry.removal import remove_model
from steps.tenants import INBOX, last_night, one_round, tenants_of
from steps.workspace import TENANTS, Workspace

_AHEAD = 3600.0  # seconds by which a note may be ahead of the clock; one that is more was written by a wrong one


def turn_of(workspace: Workspace, tenant: str) -> Turn:
    """Since when a tenant waits, and for what: files of the inbox, words of the day, what his last night left over."""
    last = last_night(workspace)
    if last and last.at > time.time() + _AHEAD:
        last = None  # else he waited until then
    since = last.at if last else workspace.root.stat().st_ctime
    places = [path for path in (workspace.root / INBOX).rglob("*") if path.is_file()]
    places += [path for path in [workspace.state / DIARY] if path.is_dir()]
    fresh = [when for path in places if (when := _changed(path)) >= since or last is None]
    carried = workspace.nights("carried")
    if carried and workspace.dataset("carried", carried[-1]).stat().st_size:
        fresh.append(since)
    return Turn(tenant, since, min(fresh, default=None), failed=last is not None and last.code != 0)


def run_tenants(
    found: Deployment, night: str, *, everyone: bool = False, say: Callable[[str], None] = lambda line: None
) -> list[Slept]:
    """Run the nights of all tenants whose turn it is, each in a process of its own; return how they ended.

    Interrupted, it ends those that run: the next round goes on with them. ``everyone``: those, too, for whom nothing
    waits.

    Raises:
        NightRunning: another round is running.
    """
    knobs, running, over = found.settings.tenants, list[subprocess.Popen](), threading.Event()

    def began(process: subprocess.Popen) -> None:
        running.append(process)
        if over.is_set():
            end(process)

    def let_sleep(tenant: str) -> int:
        try:
            return sleep(found, tenant, night, began=began)
        except (OSError, SlumberError) as error:  # of whom no log tells
            say(f"{tenant}: his night cannot be begun ({error}): mend or remove him")
            return 1

    def ended(slept: Slept) -> None:
        from orchestration.tenant_pages import tell

        verdict = verdict_of(found.of_tenant(slept.tenant), night)
        says = verdict.verdict if verdict and not slept.code else f"failed (code {slept.code})"
        say(f"{slept.tenant}: {says} after {slept.seconds:.0f} s")
        tell(found, slept, night, verdict)

    with one_round(found.workspace):
        turns = list(_turns(found, say))
        if everyone:
            turns = [Turn(one.tenant, one.since, one.material or one.since) for one in turns]
        seconds = knobs.minutes * 60 if knobs.minutes else None
        try:
            return run_round(turns, let_sleep, at_once=knobs.at_once, seconds=seconds, ended=ended)
        except BaseException:  # nights have sessions of their own, and would go on
            over.set()
            end(*(process for process in running if process.poll() is None))
            raise


def _turns(found: Deployment, say: Callable[[str], None]) -> Iterator[Turn]:
    """Whose turn it may be; a tenant whose folder cannot be read is told, and holds nobody up."""
    for name in tenants_of(found.workspace):
        try:
            yield turn_of(found.of_tenant(name).workspace, name)
        except (OSError, ValueError, TypeError, SlumberError) as error:
            say(f"{name}: left out, for what is known of him cannot be read ({error}): mend or remove him")


def verdict_of(found: Deployment, night: str) -> Verdict | None:
    """The verdict of a night, None if it came to none."""
    try:
        return read_verdict(found.workspace, night)
    except (SlumberError, OSError, ValueError):
        return None


def remove_tenant(found: Deployment, tenant: str) -> list[str]:
    """Remove a tenant with all that is his: keys, registered versions, traces, files. Cut off, it is done again.

    Returns what is left for its owner to do, in sentences.

    Raises:
        SlumberError: there is no such tenant, his night is running, or MLflow is away.
    """
    from awake.keys import drop_keys
    from orchestration.tenant_pages import forget_pages

    own = found.of_tenant(tenant)
    left = []
    with own.lock("to be removed"):
        if found.settings.keys is not None:
            drop_keys(found.settings.keys, tenant)
        if marked := remove_model(Registry(own.settings, own.workspace)):
            left.append(f"MLflow's server has only marked as deleted: {', '.join(marked)}. Run `mlflow gc` there.")
        forget_pages(found, tenant)
        if storage_address(found.workspace):
            left.append(
                f"Dagster's Postgres shows his nights still: delete the rows of event_logs whose partition ends on "
                f"'|{tenant}' there."
            )
        clear_checkpoints(own.settings)
        remote = own.settings.datasets.remote
        if remote and "://" not in remote:
            shutil.rmtree(found.settings.folder / Path(remote).expanduser(), ignore_errors=True)
        elif remote:
            left.append(f"The stored versions of the data sets lie in {remote} still: delete them there.")
        gone = found.workspace.root / TENANTS / f".{tenant}.{uuid.uuid4().hex[:8]}.removed"
        os.rename(own.workspace.root, gone)
    for rest in [gone, *(found.workspace.root / TENANTS).glob(f".{tenant}.*.removed")]:
        shutil.rmtree(rest, ignore_errors=True)
    if gone.exists():
        left.append(f"Some files cannot be deleted: {gone}.")
    return left


def _changed(path: Path) -> float:
    """When a file came or was changed last; what was moved here keeps its older time of change."""
    with contextlib.suppress(FileNotFoundError):
        found = path.stat()
        return max(found.st_mtime, found.st_ctime)
    return 0.0
