"""A worker of the cluster: it holds one model at a time, and continues or scores tokens with it."""

import os
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from steps.code import code_sha256
from steps.errors import SlumberError

if TYPE_CHECKING:
    from steps.model.loading import Base
    from steps.model.local import LocalModel


@dataclass(frozen=True)
class Wanted:
    """A model by how it is loaded, and the digests of the base and the adapter that it must be."""

    load: "Callable[[], Base]"
    batch_tokens: int
    base_sha256: str
    adapter: Path | None
    adapter_sha256: str | None

    @property
    def key(self) -> tuple[Any, ...]:
        return self.batch_tokens, self.base_sha256, self.adapter_sha256


class Worker:
    """Holds the model that it was asked with last. Made an actor by ``steps.compute.pool``."""

    def __init__(self, environment: dict[str, str], code: str):
        os.environ.update(environment)  # torch and the like are imported later
        self._held: tuple[tuple[Any, ...], LocalModel] | None = None
        self._code = code

    def ready(self) -> None:
        """Answer, once this worker is there.

        Raises:
            SlumberError: it runs other code than whoever started it.
        """
        check_code(self._code, __name__)

    def described(self, wanted: Wanted) -> dict[str, Any]:
        """What whoever asks must know of a model to make tokens of texts and rows of tokens."""
        model = self._model(wanted)
        return {name: getattr(model, name) for name in ("tokenizer", "sha256", "window", "packed", "ends")}

    def continue_tokens(
        self, wanted: Wanted, packed: bool, prompts: Sequence[list[int]], numbers: Sequence[int], how: dict[str, Any]
    ) -> list[list[int]]:
        """One row of ``LocalModel.continue_tokens``."""
        return self._model(wanted, packed).continue_tokens(prompts, numbers=numbers, **how)

    def rate_tokens(self, wanted: Wanted, packed: bool, pairs: Sequence[tuple[list[int], list[int]]]) -> list[Any]:
        """One row of ``LocalModel.rate_tokens``."""
        return self._model(wanted, packed).rate_tokens(pairs)

    def _model(self, wanted: Wanted, packed: bool | None = None) -> "LocalModel":
        if self._held is None or self._held[0] != wanted.key:
            self._held = None  # before the next is loaded: there may be no room for two
            self._held = wanted.key, _loaded(wanted)
        model = self._held[1]
        if packed is not None:
            model.packed = packed  # as whoever made the rows was told
        return model


def check_code(sha256: str, module: str) -> None:
    """See that this node would do the very same.

    Raises:
        SlumberError: its sources of a module, and of what that imports, have another digest.
    """
    if sha256 != code_sha256(module):
        raise SlumberError(
            f"The node {socket.gethostname()} of the Ray cluster has another version of Slumber: install the same on "
            "all nodes."
        )


def _loaded(wanted: Wanted) -> "LocalModel":
    import gc

    gc.collect()  # PEFT's models hold themselves
    from steps.model.local import LocalModel
    from steps.workspace import file_sha256

    if wanted.adapter is not None and not wanted.adapter.exists():
        raise SlumberError(
            f"The node {socket.gethostname()} of the Ray cluster does not see {wanted.adapter}: the workspace must lie "
            "under the same path on all nodes."
        )
    base = wanted.load()
    adapter = file_sha256(wanted.adapter) if wanted.adapter is not None else None
    if (base.sha256, adapter) != (wanted.base_sha256, wanted.adapter_sha256):
        what = "base model" if base.sha256 != wanted.base_sha256 else "adapter"
        raise SlumberError(f"The node {socket.gethostname()} of the Ray cluster has another {what}: copy it there.")
    return LocalModel(base, wanted.batch_tokens)
