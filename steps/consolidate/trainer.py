"""The port through which adapters are trained: here, or wherever a job's folder can be carried.

``python -m steps.consolidate.trainer JOB`` does a job in a process of its own, and makes the very same adapter; under
``torchrun`` its processes do it together.
"""

import os
import sys
from pathlib import Path
from typing import Protocol

from steps.consolidate.cohort import learn
from steps.consolidate.job import ADAPTER
from steps.errors import SlumberError
from steps.progress import hush
from steps.settings import ComputeSettings


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


def main(job: Path) -> int:
    """Do a job, alone or with the ranks that torchrun started; return the exit status. What is wrong is printed."""
    joined = "TORCHELASTIC_RUN_ID" in os.environ
    if joined:
        import torch

        if gpus := torch.cuda.is_available():
            torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
        torch.distributed.init_process_group("nccl" if gpus else "gloo")
        if torch.distributed.get_rank():
            hush()
    try:
        learn(job)
    except SlumberError as error:
        print(error)
        return error.exit_code
    finally:
        if joined:
            torch.distributed.destroy_process_group()
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
