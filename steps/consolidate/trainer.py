"""The port through which adapters are trained: here, or wherever a job's folder can be carried.

``python -m steps.consolidate.trainer JOB`` does a job in a process of its own, and makes the very same adapter; under
``torchrun`` its processes do it together.
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
from steps.progress import hush
from steps.settings import ComputeSettings

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


def trainer_of(compute: ComputeSettings) -> Trainer:
    """Return who trains by these settings."""
    if compute.engine == "ray":
        from steps.compute.training import RayTrainer

        return RayTrainer(compute)
    return LocalTrainer()


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
    """Do a job, alone until standard input ends or with the ranks that torchrun started. Returns the exit status."""
    joined = "TORCHELASTIC_RUN_ID" in os.environ
    if joined:
        import torch

        if gpus := torch.cuda.is_available():
            torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
        torch.distributed.init_process_group("nccl" if gpus else "gloo")
        if torch.distributed.get_rank():
            hush()
    else:
        threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        learn(job)
    except SlumberError as error:
        print(error)
        return _REFUSED
    finally:
        if joined:
            torch.distributed.destroy_process_group()
    return 0


def _end_with_parent() -> None:
    while os.read(0, 4096):  # not by way of `sys.stdin`, whose lock the interpreter wants when it ends
        pass
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
