"""This process's connection to the cluster. It ends with the step that needed it, and with it all that runs there."""

import logging
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

os.environ["RAY_USAGE_STATS_ENABLED"] = "0"  # before ray is imported
os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")

import ray
from ray.exceptions import RayError

from steps.compute.checking import check_cluster, head_address
from steps.compute.layout import Layout, layout
from steps.errors import SlumberError, in_one_line
from steps.settings import ComputeSettings

ENVIRONMENT = (
    "HF_HUB_OFFLINE",
    "HF_HUB_DISABLE_TELEMETRY",
    "TOKENIZERS_PARALLELISM",
    "GOMP_SPINCOUNT",
    "OPENBLAS_NUM_THREADS",
    "SLUMBER_LOG",
)
"""What this process's libraries are told that those of workers must be told, too, before they are imported."""

_at_the_end: list[Callable[[], None]] = []


def connect(compute: ComputeSettings) -> Layout:
    """Connect to the cluster, unless that was done, and say how the work is laid out on it.

    Raises:
        SlumberError: it is out of reach, this host is none of its nodes, or it has no room for so many workers.
    """
    if not ray.is_initialized():
        check_cluster(compute)
        address = head_address(compute)
        try:
            with _signals_kept():
                ray.init(address=address, logging_level=logging.ERROR, log_to_driver=True)
        except Exception as error:  # Ray has a kind of its own for each of its parts
            raise SlumberError(
                f"The Ray cluster at {address} cannot be used ({type(error).__name__}: {in_one_line(error)[:300]}): "
                "see that its version is this one's, and that this host is one of its nodes (docs/scale.md)."
            ) from error
    return layout([node["Resources"] for node in ray.nodes() if node["Alive"]], compute.workers)


@contextmanager
def _signals_kept() -> Iterator[None]:
    """Ray makes of SIGTERM an exit: Dagster would not learn that its run was cancelled."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def environment() -> dict[str, str]:
    """Return what workers are to be told of this process's environment."""
    return {name: os.environ[name] for name in ENVIRONMENT if name in os.environ}


def told(error: BaseException) -> SlumberError | None:
    """What somebody on the cluster said is wrong, wherever one of Ray's errors holds it; None if nobody did."""
    waiting, met = [error], set[int]()
    while waiting:
        one = waiting.pop(0)
        if isinstance(one, SlumberError) and not isinstance(one, RayError):  # which shows itself as what it holds
            return one
        met.add(id(one))
        held = (getattr(one, "cause", None), getattr(one, "_base_exc", None), one.__cause__)
        failures = getattr(one, "worker_failures", {}).values()
        waiting += [e for e in (*held, *failures) if isinstance(e, BaseException) and id(e) not in met]
    return None


def at_the_end(do: Callable[[], None]) -> None:
    """Do something before the connection ends, whatever happens."""
    _at_the_end.append(do)


def leave() -> None:
    """End all that this process has running on the cluster, and the connection. Workers' processes are killed."""
    try:
        while _at_the_end:
            _at_the_end.pop()()
    finally:
        if ray.is_initialized():
            ray.shutdown()
