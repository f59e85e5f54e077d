"""A night that trains beside the server: `slumber night`, in a workspace of its own, on what was dreamt before."""

import contextlib
import itertools
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

from bench.day.serving import SLUMBER, end
from bench.load.sampling import threads_nice
from orchestration.environment import Deployment
from orchestration.lineage import begin
from steps.errors import SlumberError
from steps.lifecycle import STEPS
from steps.shipped import shipped
from steps.workspace import Workspace

DATE, SAID = "2026-01-10", "night.txt"
# Few dreams and many epochs: the training goes on as long as it is needed, and its steps are those of every night.
FEW = {
    "dream": {"facts_per_sentence": 1, "wordings_per_fact": 1, "rehearsals": 8},
    "consolidate": {"epochs": 200},
    "night": {"wait": False},
}
_STARTS = 1200.0  # seconds within which the training must have begun


@dataclass(frozen=True)
class Night:
    """A night that runs."""

    process: subprocess.Popen
    workspace: Workspace

    @property
    def trains(self) -> bool:
        """Whether it is at its training."""
        begun = "consolidate" in (self.workspace.root / SAID).read_text(encoding="utf-8")
        return begun and not self.workspace.manifest(DATE, "consolidate").exists() and self.process.poll() is None

    def until_it_trains(self) -> None:
        """Wait until the training has begun.

        Raises:
            SlumberError: the night ended before, or takes too long.
        """
        end = time.monotonic() + _STARTS
        while not self.trains:
            if self.process.poll() is not None or time.monotonic() > end:
                raise SlumberError(f"The night beside the server did not train: see {self.workspace.root / SAID}.")
            time.sleep(0.5)

    @property
    def nice(self) -> list[int]:
        """Niceness of its threads, each value once."""
        return sorted(set(threads_nice(self.process.pid)))


def dream(folder: Path, settings: dict[str, Any]) -> None:
    """Do what comes before a night's training, on the example document; ``settings``: besides ``FEW``."""
    shutil.copytree(shipped("example"), folder / "inbox")
    (folder / "params.yaml").write_text(yaml.safe_dump({**FEW, **settings}), encoding="utf-8")
    tonight = Deployment.find(workspace=folder, inbox=folder / "inbox").night(DATE)
    begin(tonight)
    for step in itertools.takewhile(lambda step: step.name != "consolidate", STEPS):
        step.run(tonight)


@contextlib.contextmanager
def sleeping(folder: Path) -> Iterator[Night]:
    """Run the night that has dreamt in ``folder`` until the block ends, then stop it."""
    where = ["--workspace", str(folder), "--inbox", str(folder / "inbox")]
    with (folder / SAID).open("w") as said:
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
            end(process, signal.SIGTERM)
