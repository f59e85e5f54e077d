"""Run locust in a process of its own, and read what its users met."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.day.serving import Server
from steps.errors import SlumberError

_LATEST = 300  # seconds that a request may still run when the load ends


@dataclass(frozen=True)
class Load:
    """How a server is asked. ``model``: by which name; ``tokens``: longest answer."""

    server: Server
    model: str
    users: int
    tokens: int


def put_on(
    load: Load, log: Path, *, seconds: float, meanwhile: Callable[[], bool] = lambda: False
) -> list[dict[str, Any]]:
    """Let users ask for so many seconds and return their requests, those included that ended a little later.

    ``meanwhile`` is called about every half second; the load ends early when it says True.

    Raises:
        SlumberError: locust could not run, or asked nothing.
    """
    log.unlink(missing_ok=True)
    options = {
        "--locustfile": Path(__file__).with_name("users.py"),
        "--host": load.server.address,
        "--users": load.users,
        "--spawn-rate": load.users,
        "--run-time": f"{seconds:.0f}s",
        "--stop-timeout": f"{_LATEST}s",
        "--exit-code-on-error": 0,  # what was lost is in the log
        "--loglevel": "WARNING",
        "--model": load.model,
        "--tokens": load.tokens,
        "--log": log,
    }
    command = [sys.executable, "-m", "locust", "--headless", "--only-summary"]
    command += [str(part) for option in options.items() for part in option]
    with log.with_suffix(".locust.txt").open("w") as said:
        process = subprocess.Popen(command, stdout=said, stderr=subprocess.STDOUT)
        try:
            while process.poll() is None:
                time.sleep(0.5)
                if meanwhile():
                    process.terminate()  # locust lets its users finish what they asked
                    process.wait(_LATEST)
        finally:
            if process.poll() is None:
                process.kill()
    if not log.is_file():
        raise SlumberError(f"locust asked nothing: see {log.with_suffix('.locust.txt')}.")
    return [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
