"""A running ``vllm.LLM`` in this process, with the adapters that it was given.

Written for vLLM 0.33 and held against its sources (``tests/vllm/test_sources.py``); it has not run on a GPU
here (docs/scale.md). vLLM is imported only when it is chosen.
"""

import gc
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from steps.errors import SlumberError
from steps.workspace import file_sha256

RANKS = (1, 8, 16, 32, 64, 128, 256, 320, 512)
"""What vLLM takes as the most that an adapter's rank may be."""


def fitting_rank(rank: int, *, said: str, instead: str) -> int:
    """The least of ``RANKS`` that an adapter of this rank fits into; ``said``, ``instead``: what has it, what helps.

    Raises:
        SlumberError: none does.
    """
    fitting = next((most for most in RANKS if most >= rank), None)
    if fitting is None:
        raise SlumberError(f"{said} {rank}, and vLLM takes adapters of rank {RANKS[-1]} at most: {instead}.")
    return fitting


class OfflineVllm:
    """A running ``vllm.LLM``, and the adapters that it was given, each by a name and a number of its own."""

    def __init__(self, folder: Path, *, dtype: str, rank: int):
        """Start it; ``rank``: of the largest adapter.

        Raises:
            SlumberError: vLLM is not installed, or does not start.
        """
        os.environ.setdefault("VLLM_NO_USAGE_STATS", "1")  # it reports each start to its makers
        try:
            import torch
            import vllm
            from vllm.lora.request import LoRARequest
        except ImportError as error:
            raise SlumberError(
                f"The engine is 'vllm', and vLLM cannot be imported ({str(error).splitlines()[0]}): install vllm on a "
                "machine that it supports, or set dream.engine and examine.engine to 'transformers'."
            ) from None
        self._params, self._request = vllm.SamplingParams, LoRARequest
        self._numbers: dict[str, int] = {}  # of adapters, by their content
        self._sleeps, self._asleep = torch.cuda.is_available(), False
        torch.cuda.empty_cache()
        try:
            self._llm = vllm.LLM(
                model=str(folder),
                dtype=dtype,
                trust_remote_code=False,
                seed=0,
                enable_lora=True,
                max_lora_rank=rank,
                max_loras=1,  # one model is asked at a time
                enable_sleep_mode=self._sleeps,
            )
        except Exception as error:  # whatever the device, the driver or the model make of it
            raise SlumberError(f"vLLM does not start with {folder} ({_line(error)}).") from None

    @contextmanager
    def awake(self) -> Iterator[None]:
        """Have the memory of the device for as long as it is asked. It is not to be entered twice."""
        if not self._sleeps:
            yield
            return
        import torch

        gc.collect()
        torch.cuda.empty_cache()  # what a training left behind
        if self._asleep:
            self._llm.wake_up()
        self._asleep = False
        try:
            yield
        finally:
            self._llm.sleep(level=1)
            self._asleep = True

    def with_adapter(self, adapter: Path | None) -> Any:
        """Load an adapter; return what requests name it by. None is the base.

        Of another content it has another name and number: vLLM keeps what it computed by them.

        Raises:
            SlumberError: vLLM refuses it.
        """
        if adapter is None:
            return None
        digest = file_sha256(adapter)
        number = self._numbers.setdefault(digest, len(self._numbers) + 1)
        request = self._request(f"adapter-{digest[:16]}", number, str(adapter))  # it may lie elsewhere than before
        try:
            self._llm.llm_engine.add_lora(request)  # here it is an error; inside a request it ends the engine
        except Exception as error:
            raise SlumberError(f"vLLM refuses the adapter in {adapter} ({_line(error)}).") from None
        return request

    def run(self, prompts: Sequence[list[int]], how: "Sequence[dict[str, Any]]", adapter: Any) -> list[Any]:
        """Return vLLM's ``RequestOutput`` of each prompt, asked with ``SamplingParams`` of its own.

        Raises:
            SlumberError: vLLM fails.
        """
        try:
            return self._llm.generate(
                [{"prompt_token_ids": list(prompt)} for prompt in prompts],
                [self._params(**one) for one in how],
                use_tqdm=False,
                lora_request=adapter,
            )
        except Exception as error:
            raise SlumberError(f"vLLM failed ({_line(error)}).") from None


def _line(error: Exception) -> str:
    said = next(iter(str(error).strip().splitlines()), "")[:200]
    return f"{type(error).__name__}: {said}" if said else type(error).__name__
