"""The port through which adapters are trained: here, or wherever a job's folder can be carried.

``python -m steps.consolidate.trainer JOB`` does a job in a process of its own, and makes the very same adapter.
"""

import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Protocol

from steps.consolidate.cohort import learn
from steps.consolidate.job import ADAPTER
from steps.errors import SlumberError

_REFUSED = 2  # exit status; the reason is on standard output


class Trainer(Protocol):
    """Does training jobs (``steps.consolidate.job``)."""

    def train(self, job: Path) -> Path:
        """Train what the folder ``job`` asks for and return the adapter's folder in it.

        A job that was cut off is gone on with from its last checkpoint.

        Raises:
            SlumberError: why it could not be done, in a sentence for the user.
        """
        ...


class LocalTrainer:
    """Trains in this process."""

    def train(self, job: Path) -> Path:
        learn(job)
        return job / ADAPTER


class ProcessTrainer:
    """Trains in another process of this machine, which ends with this one. Its progress goes to standard error."""

    def train(self, job: Path) -> Path:
        command = [sys.executable, "-m", "steps.consolidate.trainer", str(job)]
        # The child reads until its standard input ends, which it does with this process, however that ends.
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            said = child.stdout.read().strip()
        if child.returncode == _REFUSED and said:
            raise SlumberError(said)
        if child.returncode:
            raise SlumberError(
                f"The training process ended with status {child.returncode}: run the night again, it will go on from "
                "the last checkpoint."
            )
        return job / ADAPTER


def main(job: Path) -> int:
    """Do a job, and end when standard input does. Returns the exit status."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        learn(job)
    except SlumberError as error:
        print(error)
        return _REFUSED
    return 0


def _end_with_parent() -> None:
    while os.read(0, 4096):  # not by way of `sys.stdin`, whose lock the interpreter wants when it ends
        pass
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
