"""A night that trains beside the server: `slumber night` in a workspace of its own, as far as its training."""

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bench.day.serving import SLUMBER
from bench.load.sampling import threads_nice
from steps.errors import SlumberError
from steps.shipped import shipped
from steps.workspace import Workspace

DATE = "2026-01-10"
# Few dreams and many epochs: the training begins soon, goes on as long as it is needed, and its steps are a night's own.
FEW = {"dream": {"rehearsals": 16, "wordings_per_fact": 2}, "consolidate": {"epochs": 100}, "night": {"wait": False}}
_STARTS = 1200.0  # seconds within which the training must have begun


@dataclass(frozen=True)
class Night:
    """A night that runs."""

    process: subprocess.Popen
    workspace: Workspace

    @property
    def trains(self) -> bool:
        """Whether it is at its training."""
        done = [self.workspace.manifest(DATE, step).exists() for step in ("store", "consolidate")]
        return done == [True, False] and self.process.poll() is None

    def until_it_trains(self) -> None:
        """Wait until the training has begun.

        Raises:
            SlumberError: the night ended before, or takes too long.
        """
        end = time.monotonic() + _STARTS
        while not self.trains:
            if self.process.poll() is not None or time.monotonic() > end:
                raise SlumberError(f"The night beside the server did not train: see {self.workspace.root}/night.txt.")
            time.sleep(0.5)

    @property
    def nice(self) -> list[int]:
        """Niceness of its threads, each value once."""
        return sorted(set(threads_nice(self.process.pid)))


@contextlib.contextmanager
def sleeping(folder: Path, settings: dict[str, Any]) -> Iterator[Night]:
    """Run a night on the example document until the block ends, then stop it; ``settings``: besides ``FEW``."""
    inbox, params = folder / "inbox", folder / "params.yaml"
    shutil.copytree(shipped("example"), inbox)
    params.write_text(yaml.safe_dump({**FEW, **settings}), encoding="utf-8")
    where = ["--workspace", str(folder), "--params", str(params), "--inbox", str(inbox)]
    with (folder / "night.txt").open("w") as said:
        # In a session of its own, as the nights of the schedule are.
        process = subprocess.Popen(
            [*SLUMBER, "night", "--night", DATE, *where],
            stdout=said,
            stderr=subprocess.STDOUT,
            env=os.environ,
            start_new_session=True,
        )
        try:
            yield Night(process, Workspace(folder))
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(60)
            if process.poll() is None:
                process.kill()
