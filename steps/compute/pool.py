"""Workers on a cluster, asked by rows: the very rows that one process would ask, so that they say the very same.

A worker that dies costs its row, which is asked of another.
"""

from collections import Counter, deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import ray
from ray.exceptions import RayActorError, RayTaskError

from steps.code import code_sha256
from steps.compute import worker
from steps.compute.cluster import at_the_end, connect, environment, told
from steps.compute.layout import Layout
from steps.compute.worker import Wanted, Worker
from steps.errors import SlumberError
from steps.model.chat_model import Sampling
from steps.model.generating import rows
from steps.model.loading import Base, base_folder, base_sha256
from steps.model.scoring import scored_rows
from steps.model.token_model import SCORED_TOKENS, Pair, TokenModel
from steps.progress import progress, say
from steps.settings import ComputeSettings, Settings
from steps.workspace import file_sha256

_TRIES = 3  # of one row: what kills so many workers kills the next, too
_PATIENCE = 600.0  # seconds without any worker, after which there is taken to be no room


class PooledModel(TokenModel):
    """The ``ChatModel`` of a model whose weights the workers hold. See ``steps.model.opened``."""

    packed: bool

    def __init__(self, load: Callable[[], Base], settings: Settings, *, batch_tokens: int, adapter: Path | None):
        self.batch_tokens = batch_tokens
        sha256 = base_sha256(base_folder(settings.model))
        wanted = Wanted(load, batch_tokens, sha256, adapter, file_sha256(adapter) if adapter else None)
        self._pool = pool_of(settings.compute)
        self._wanted = ray.put(wanted)
        (told,) = self._pool.ask("described", [(self._wanted,)])
        for name, value in told.items():
            setattr(self, name, value)

    def continued(
        self, what: str, prompts: Sequence[list[int]], *, limit: int, line: bool, sampling: Sampling, seed: int
    ) -> list[list[int]]:
        how = {"limit": limit, "line": line, "sampling": sampling, "seed": seed}
        room: dict[str, int] = {"max_new_tokens": limit, "batch_tokens": self.batch_tokens}
        parts = [sorted(row) for row in rows(prompts, **room, packed=self.packed)]
        asked = [(self._wanted, self.packed, [prompts[n] for n in part], part, how) for part in parts]
        return self._asked(what, "continue_tokens", parts, asked)

    def score_tokens(self, what: str, pairs: Sequence[Pair]) -> list[np.ndarray]:
        found = scored_rows(pairs, batch_tokens=min(self.batch_tokens, SCORED_TOKENS), packed=self.packed)
        parts = [sorted(row) for row in found]
        asked = [(self._wanted, self.packed, [pairs[n] for n in part]) for part in parts]
        return self._asked(what, "rate_tokens", parts, asked)

    def _asked(self, what: str, method: str, parts: list[list[int]], asked: list[tuple[Any, ...]]) -> list[Any]:
        with progress(what, sum(map(len, parts))) as meter:
            answers = self._pool.ask(method, asked, advance=lambda n: meter.advance(len(parts[n])))
        found = {
            n: one for part, answer in zip(parts, answers, strict=True) for n, one in zip(part, answer, strict=True)
        }
        return [found[n] for n in range(len(found))]


class Pool:
    """Workers that are started, asked and replaced as they come."""

    def __init__(self, layout: Layout):
        self._layout, self._all, self._idle = layout, list[Any](), list[Any]()
        self._starting: dict[Any, Any] = {}  # workers by what they say once they are there
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
                            f"{_TRIES} workers of the Ray cluster ended over the same work ({_reason(error)}): look at "
                            "their memory, or lower batch_tokens."
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
        one = self._starting.pop(ref)
        try:
            _got(ref)
        except RayActorError as error:
            say(f"  a worker of the cluster did not start ({_reason(error)}); another is")
            self._add(instead_of=one)
            return
        self._idle.append(one)

    def _add(self, *, instead_of: Any = None) -> None:
        if instead_of is not None:
            self._all.remove(instead_of)
            ray.kill(instead_of)  # it may only have been out of reach
        one = self._start()
        self._all.append(one)
        self._starting[one.ready.remote()] = one


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


def _reason(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
