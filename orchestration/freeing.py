"""Dagster's queue beside the runs of dead processes: they claim to be under way, and would block it for a day."""

import contextlib
import threading
import time
from collections.abc import Iterator

from orchestration.environment import Deployment
from orchestration.instance import close_dead_runs, opened_instance, runs_under_way
from steps.errors import NightRunning
from steps.registry import RegistryUnreachable
from steps.tenants import one_round, tenants_of

LOOK_SECONDS = 60.0
SETTLED_SECONDS = 600.0  # a run that claims so long to be under way, and holds no lock, is not about to take it


def free_queue(found: Deployment, *, began_before: float) -> None:
    """Mark runs whose process died as failed, unless a night is running just now: they would block the queue.

    Args:
        began_before: seconds since 1970; what began later may be about to take the lock, and is left alone.

    Where a shared registry is away nobody knows who is running, and nothing is done.
    """
    unknown = (NightRunning, RegistryUnreachable)
    with opened_instance(found.workspace) as instance:
        if not runs_under_way(instance, began_before=began_before):
            return
        with contextlib.suppress(*unknown), found.lock("ui"):
            close_dead_runs(instance, began_before=began_before)
        if tenants_of(found.workspace):
            with contextlib.suppress(NightRunning), one_round(found.workspace):
                close_dead_runs(instance, rounds=True, began_before=began_before)


@contextlib.contextmanager
def kept_free(found: Deployment) -> Iterator[None]:
    """Look every minute, in a thread, while the block runs: a night may be killed at any time.

    The claim of one on another machine's registry outlives it by minutes.
    """
    start, ended = time.time(), threading.Event()

    def keep() -> None:
        while not ended.wait(LOOK_SECONDS):
            # Dagster's own Postgres is away just now, or its file locked: the next look may find it mended.
            with contextlib.suppress(Exception):
                free_queue(found, began_before=max(start, time.time() - SETTLED_SECONDS))

    threading.Thread(target=keep, daemon=True, name="free queue").start()
    try:
        yield
    finally:
        ended.set()
