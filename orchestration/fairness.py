"""Whose night comes next: who has waited longest since his last one. So nobody starves, whatever the others do.

A tenant who was added begins to wait then; whoever had a night, good or failed, goes to the end of the line. None has
two in one round, so that a flood of one tenant makes his own material wait, and a night that hangs is ended in time.
"""

import contextlib
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Turn:
    """A tenant, and since when he waits (seconds since 1970): his last night, or when he was added.

    ``material``: since when something waits to be learned; None: nothing does. ``failed``: his last night did.
    """

    tenant: str
    since: float
    material: float | None = None
    failed: bool = False

    @property
    def due(self) -> bool:
        return self.material is not None or self.failed


@dataclass(frozen=True)
class Slept:
    """How a tenant's night ended: its exit code (``slumber --help``), None if it was not begun in this round."""

    tenant: str
    code: int | None = None
    seconds: float = 0.0
    waited: float = 0.0


def in_turn(found: Iterable[Turn]) -> list[Turn]:
    """Return whose night is due, in order: who waits longest first, of two alike whose material waits longer."""
    return sorted((one for one in found if one.due), key=lambda one: (one.since, one.material or one.since, one.tenant))


def run_round(
    turns: Iterable[Turn],
    sleep: Callable[[str], int],
    *,
    at_once: int,
    seconds: float | None = None,
    ended: Callable[[Slept], None] = lambda slept: None,
    clock: Callable[[], float] = time.monotonic,
) -> list[Slept]:
    """Let every tenant whose night is due sleep once; return how it went, in the order in which they ended.

    Args:
        sleep: runs one tenant's night and returns its exit code; what it raises is that tenant's failure alone.
        at_once: how many sleep at the same time.
        seconds: after which no further night is begun.
        ended: is told of each night; what it raises stops nobody's.
    """
    line, began = in_turn(turns), clock()
    lock, done = threading.Lock(), list[Slept]()

    def work() -> None:
        while True:
            with lock:
                if not line or (seconds is not None and clock() - began >= seconds):
                    return
                turn = line.pop(0)
            start = clock()
            try:
                code = sleep(turn.tenant)
            except Exception:  # whatever it is, the others sleep
                code = 1
            slept = Slept(turn.tenant, code, clock() - start, start - began)
            with lock:
                done.append(slept)
                with contextlib.suppress(Exception):  # a page that cannot be written is no reason to stop, either
                    ended(slept)

    workers = [threading.Thread(target=work, name=f"night {n}", daemon=True) for n in range(at_once)]
    try:
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    except BaseException:  # it was interrupted: no further night is begun
        with lock:
            line.clear()
        raise
    return done + [Slept(turn.tenant) for turn in line]
