"""Training jobs by Ray Train: one process a worker, joined by torch.distributed; the job's folder is all they share."""

import os
import shutil
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from steps.code import code_sha256
from steps.compute.cluster import connect, environment, leave, told
from steps.compute.layout import Layout
from steps.compute.pool import end_pool
from steps.compute.worker import check_code
from steps.consolidate.job import ADAPTER, CHECKPOINT
from steps.errors import SlumberError, in_one_line
from steps.progress import say
from steps.settings import ComputeSettings

# Read by Ray Train where this process starts it, and handed on. Its watcher of machines that are about to be taken away
# and its metrics are processes more to start; who dies is noticed without.
os.environ |= {"RAY_TRAIN_ENABLE_PREEMPTION_WATCHER": "0", "RAY_TRAIN_METRICS_ENABLED": "0"}
os.environ["RAY_CHDIR_TO_TRIAL_DIR"] = "0"
os.environ.setdefault("RAY_TRAIN_WORKER_GROUP_START_TIMEOUT_S", "600")

from ray.train import RunConfig, ScalingConfig
from ray.train.torch import TorchConfig, TorchTrainer
from ray.train.v2.api.exceptions import TrainingFailedError

_LEARN = "steps.consolidate.cohort"
_TRIES = 3


class RayTrainer:
    """Trains on the cluster. A worker that dies costs what came after the last checkpoint.

    The folder of the job, and the base model, lie under the same path on all nodes.
    """

    def __init__(self, compute: ComputeSettings):
        self._compute = compute

    def train(self, job: Path) -> Path:
        """See ``steps.consolidate.trainer.Trainer``."""
        end_pool()  # the workers that are asked hold what those that train need
        layout, scratch = connect(self._compute), job.resolve() / "ray"
        for tries_left in reversed(range(_TRIES)):
            shutil.rmtree(scratch, ignore_errors=True)
            try:
                _apart(_trainer(job.resolve(), scratch, layout).fit)
                break
            except TrainingFailedError as error:
                if said := told(error):
                    raise said from error
                if not tries_left:
                    raise SlumberError(
                        f"{_TRIES} trainings on the Ray cluster ended ({in_one_line(error)[:200]}): look at "
                        "its nodes' memory and logs, then run the night again; it goes on from the last checkpoint."
                    ) from error
                where = "its last checkpoint" if (job / CHECKPOINT).exists() else "its beginning"
                say(f"  a worker of the cluster ended: training goes on from {where}")
            finally:
                shutil.rmtree(scratch, ignore_errors=True)
        return job / ADAPTER


class _Trainer(TorchTrainer):
    """Without an actor that outlives the job to tidy up after it: what it would tidy up ends with the job."""

    def _create_default_callbacks(self) -> list[Any]:
        callbacks = super()._create_default_callbacks()
        return [one for one in callbacks if type(one).__name__ != "PlacementGroupCleanerCallback"]


def _trainer(job: Path, scratch: Path, layout: Layout) -> TorchTrainer:
    return _Trainer(
        learn_together,
        train_loop_config={"job": str(job), "code": code_sha256(_LEARN), "environment": environment()},
        torch_config=TorchConfig(backend="nccl" if layout.gpus else "gloo"),
        scaling_config=ScalingConfig(
            num_workers=layout.count,
            use_gpu=bool(layout.gpus),
            resources_per_worker=layout.resources,
            placement_strategy="SPREAD",
        ),
        run_config=RunConfig(name="run", storage_path=str(scratch)),
    )


def learn_together(what: dict[str, Any]) -> None:
    """What each worker does: its share of the job."""
    os.environ.update(what["environment"])
    from steps.consolidate.cohort import learn
    from steps.consolidate.ranks import Ranks
    from steps.progress import hush

    check_code(what["code"], _LEARN)
    job = Path(what["job"])
    if not job.is_dir():
        raise SlumberError(f"A node of the Ray cluster does not see {job}: the workspace must lie under the same path.")
    if not Ranks.here().first:
        hush()
    learn(job)


def _apart(do: Callable[[], Any]) -> None:
    """Do it in a thread: in the main one Ray Train takes Ctrl-C, and with it a cancelled run, for itself.

    What cancels the run ends the connection, and with it all that was begun.
    """
    done: Future[None] = Future()

    def go() -> None:
        try:
            do()
        except BaseException as error:
            done.set_exception(error)
        else:
            done.set_result(None)

    threading.Thread(target=go, name="ray train", daemon=True).start()
    try:
        done.result()
    except Exception:
        raise
    except BaseException:
        leave()
        raise
