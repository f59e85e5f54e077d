"""One tenant's night, in a process of its own: how it is begun, ended in time, and told where it cannot tell itself."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable

from orchestration.environment import Deployment
from orchestration.notify import notify
from steps.tenants import NIGHT_LOG, LastNight, note_night

_STOP_SECONDS = 20.0


def sleep(
    found: Deployment, tenant: str, night: str, *, began: Callable[[subprocess.Popen], None] = lambda process: None
) -> int:
    """Run one tenant's night in a process of its own; return its exit code. What takes too long is ended.

    What it prints lies in ``night.log`` of the tenant's state. A night tells its owner itself that it failed
    (``notify``); of one that was killed it is told here. ``began``: is told of the process.
    """
    own = found.of_tenant(tenant)
    start = time.time()
    note_night(own.workspace, LastNight(start, night))  # killed, it has had its turn all the same
    root, params = ["--workspace", str(found.workspace.root)], ["--params", str(found.params)] if found.params else []
    said = "from orchestration.cli import main; main()"
    command = [
        sys.executable,
        "-W",
        "ignore",
        "-c",
        said,
        "night",
        "--tenant",
        tenant,
        "--night",
        night,
        *root,
        *params,
    ]
    killed = None
    with (own.workspace.state / NIGHT_LOG).open("wb") as log:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
        )
        began(process)
        try:
            code = process.wait(timeout=found.settings.tenants.night_minutes * 60)
        except subprocess.TimeoutExpired:
            killed, code = "The night took longer than tenants.night_minutes, and was ended; the next one goes on.", 1
        finally:
            end(process)
        if code < 0 and code != -signal.SIGTERM:  # with which rounds end that are interrupted
            killed = f"The night was killed (signal {-code}), for want of memory perhaps; the next one goes on."
        if killed:
            failed = notify(own.settings, own.workspace, event="FAILED", night=night, run_id="", reasons=[killed])
            log.write("".join(f"\n{line}" for line in (killed, *failed)).encode() + b"\n")
    note_night(own.workspace, LastNight(start, night, code))
    return code


def end(*processes: subprocess.Popen) -> None:
    """End nights and all that they started, at once."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        for process in processes:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            until = time.monotonic() + _STOP_SECONDS
            for process in processes:
                process.wait(timeout=max(0.0, until - time.monotonic()))
            return
