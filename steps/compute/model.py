"""A model on a cluster, asked by rows: the very rows that one process would ask, so that it says the very same."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import ray

from steps.compute.pool import pool_of
from steps.compute.worker import Wanted
from steps.model.chat_model import Sampling
from steps.model.generating import rows
from steps.model.loading import Base, base_folder, base_sha256
from steps.model.scoring import scored_rows
from steps.model.token_model import SCORED_TOKENS, Pair, TokenModel
from steps.progress import progress
from steps.settings import Settings
from steps.workspace import file_sha256


class PooledModel(TokenModel):
    """The ``ChatModel`` of a model whose weights the workers hold. See ``steps.model.opened``."""

    packed: bool

    def __init__(self, load: Callable[[], Base], settings: Settings, *, batch_tokens: int, adapter: Path | None):
        self.batch_tokens = batch_tokens
        sha256 = base_sha256(base_folder(settings.model))
        wanted = Wanted(load, batch_tokens, sha256, adapter, file_sha256(adapter) if adapter else None)
        self._pool = pool_of(settings.compute)
        self._wanted = ray.put(wanted)
        (described,) = self._pool.ask("described", [(self._wanted,)])
        for name, value in described.items():
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
