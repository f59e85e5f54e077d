"""Workers on a cluster: started, asked and replaced as they come. What one that dies was at is asked of another."""

from collections import Counter, deque
from collections.abc import Callable, Sequence
from typing import Any

import ray
from ray.exceptions import RayActorError, RayTaskError

from steps.code import code_sha256
from steps.compute import worker
from steps.compute.cluster import at_the_end, connect, environment, told
from steps.compute.layout import Layout
from steps.compute.worker import Worker
from steps.errors import SlumberError, in_one_line
from steps.progress import say
from steps.settings import ComputeSettings

_TRIES = 3  # of one row, and of starting a worker: what ends so many ends the next, too
_PATIENCE = 600.0  # seconds without any worker, after which there is taken to be no room


class Pool:
    """``layout.count`` workers, as far as they can be had."""

    def __init__(self, layout: Layout):
        self._layout, self._all, self._idle = layout, list[Any](), list[Any]()
        self._starting: dict[Any, Any] = {}  # workers by what they say once they are there
        self._not_started = 0  # one after the other
        actor = ray.remote(Worker).options(
            num_cpus=layout.cpus, num_gpus=layout.gpus, max_restarts=0, scheduling_strategy="SPREAD"
        )
        code = code_sha256(worker.__name__)
        self._start: Callable[[], Any] = lambda: actor.remote(environment(), code)
        for _ in range(layout.count):
            self._add()

    def ask(
        self, method: str, asked: Sequence[tuple[Any, ...]], *, advance: Callable[[int], None] = lambda n: None
    ) -> list[Any]:
        """Call a method of whichever worker is free with each of the arguments; return what they say, in order.

        ``advance``: told the number of each as it is done.

        Raises:
            SlumberError: what a worker says is wrong, one call has ended several of them, or none can be had.
        """
        answers: list[Any] = [None] * len(asked)
        waiting, ends = deque(range(len(asked))), Counter[int]()
        running: dict[Any, tuple[Any, int]] = {}
        while waiting or running:
            while waiting and self._idle:
                one, n = self._idle.pop(), waiting.popleft()
                running[getattr(one, method).remote(*asked[n])] = one, n
            done, _ = ray.wait([*running, *self._starting], num_returns=1, timeout=_PATIENCE)
            if not done and not running:
                raise SlumberError(
                    f"The Ray cluster had no room for a worker with {self._layout.resources} for "
                    f"{_PATIENCE / 60:.0f} minutes: see what else runs on it, or set compute.workers."
                )
            for ref in done:
                if ref in self._starting:
                    self._begin(ref)
                    continue
                one, n = running.pop(ref)
                try:
                    answers[n] = _got(ref)
                except RayActorError as error:
                    ends[n] += 1
                    if ends[n] == _TRIES:
                        raise SlumberError(
                            f"{_TRIES} workers of the Ray cluster ended over the same work "
                            f"({in_one_line(error)[:200]}): look at their memory, or lower batch_tokens."
                        ) from error
                    say("  a worker of the cluster ended; what it was at is asked of another")
                    waiting.appendleft(n)
                    self._add(instead_of=one)
                    continue
                self._idle.append(one)
                advance(n)
        return answers

    def end(self) -> None:
        """Kill all workers."""
        for one in self._all:
            ray.kill(one)
        self._all, self._idle, self._starting = [], [], {}

    def _begin(self, ref: Any) -> None:
        """Count a worker as there; of one that ended instead start another, or go on without where that is no use."""
        one = self._starting.pop(ref)
        try:
            _got(ref)
        except RayActorError as error:
            self._not_started += 1
            if self._not_started < _TRIES:
                say(f"  a worker of the cluster did not start ({in_one_line(error)[:200]}); another is")
                self._add(instead_of=one)
                return
            self._remove(one)
            if not self._all:
                raise SlumberError(
                    f"No worker of the Ray cluster starts ({in_one_line(error)[:200]}): see that this version of "
                    "Slumber is installed on all nodes, and their memory and logs."
                ) from error
            say(f"  {_TRIES} workers of the cluster did not start ({in_one_line(error)[:200]}); there is one less")
            return
        self._not_started = 0
        self._idle.append(one)

    def _add(self, *, instead_of: Any = None) -> None:
        if instead_of is not None:
            self._remove(instead_of)
        one = self._start()
        self._all.append(one)
        self._starting[one.ready.remote()] = one

    def _remove(self, one: Any) -> None:
        self._all.remove(one)
        ray.kill(one)  # it may only have been out of reach


_pool: Pool | None = None


def pool_of(compute: ComputeSettings) -> Pool:
    """Return the workers of this process, which are started when they are first needed."""
    global _pool
    if _pool is None:
        _pool = Pool(connect(compute))
        at_the_end(end_pool)
    return _pool


def end_pool() -> None:
    """Make room on the cluster: kill the workers, if there are any."""
    global _pool
    pool, _pool = _pool, None
    if pool is not None:
        pool.end()


def _got(ref: Any) -> Any:
    try:
        return ray.get(ref)
    except RayTaskError as error:
        if said := told(error):
            raise said from error
        raise
