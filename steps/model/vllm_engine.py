"""vLLM on this machine as the engine that is asked: the base, and adapters beside it, in its own batches.

Written for vLLM 0.33 and held against its sources (``tests/vllm/test_sources.py``); it has not run on a GPU
here (docs/scale.md). vLLM is imported only when it is chosen. One engine is started in a process and kept, for that
takes a minute; it sleeps while nobody asks, so that training has the memory of the device.
"""

import gc
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from steps.errors import SlumberError
from steps.model.chat import ends_of
from steps.model.chat_model import Sampling
from steps.model.token_model import Pair, TokenModel
from steps.model.window import window_of
from steps.progress import progress
from steps.workspace import file_sha256

if TYPE_CHECKING:
    from steps.settings import Settings

RANKS = (1, 8, 16, 32, 64, 128, 256, 320, 512)
"""What vLLM takes as the most that an adapter's rank may be."""
_SEEDS = 2**31


def fitting_rank(rank: int, *, said: str, instead: str) -> int:
    """The least of ``RANKS`` that an adapter of this rank fits into; ``said``, ``instead``: what has it, what helps.

    Raises:
        SlumberError: none does.
    """
    fitting = next((most for most in RANKS if most >= rank), None)
    if fitting is None:
        raise SlumberError(f"{said} {rank}, and vLLM takes adapters of rank {RANKS[-1]} at most: {instead}.")
    return fitting


class VllmEngine:
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


class VllmModel(TokenModel):
    """The base, with an adapter if there is one, asked through vLLM."""

    def __init__(self, engine: VllmEngine, tokenizer: Any, config: Any, ends: set[int], *, sha256: str, adapter: Any):
        self._engine, self.tokenizer, self.sha256, self.window = engine, tokenizer, sha256, window_of(config)
        self.ends, self._adapter = ends, adapter

    def continued(
        self, what: str, prompts: Sequence[list[int]], *, limit: int, line: bool, sampling: Sampling, seed: int
    ) -> list[list[int]]:
        greedy = sampling.temperature == 0
        same = {"max_tokens": limit, "temperature": sampling.temperature, "stop_token_ids": sorted(self.ends)}
        same |= {"stop": ["\n"]} if line else {}
        same |= {} if greedy else {"top_k": sampling.top_k}
        seeds = [{} if greedy else {"seed": (seed + number) % _SEEDS} for number in range(len(prompts))]
        found = self._asked(what, prompts, [{**same, **one} for one in seeds])
        return [list(one.outputs[0].token_ids) for one in found]

    def score_tokens(self, what: str, pairs: Sequence[Pair]) -> list[np.ndarray]:
        # One token has to be written with it. With 0 likeliest ones the prompt's own tokens alone are given.
        how: list[dict[str, Any]] = [{"max_tokens": 1, "temperature": 0.0, "prompt_logprobs": 0} for _ in pairs]
        texts = [[*prompt, *completion] for prompt, completion in pairs]
        found = self._asked(what, texts, how)
        return [
            np.array([one.prompt_logprobs[n][text[n]].logprob for n in range(len(prompt), len(text))], np.float32)
            for one, text, (prompt, _) in zip(found, texts, pairs, strict=True)
        ]

    def _asked(self, what: str, prompts: Sequence[list[int]], how: list[dict[str, Any]]) -> list[Any]:
        if not prompts:
            return []
        with progress(what, len(prompts)) as meter:
            found = self._engine.run(prompts, how, self._adapter)
            meter.advance(len(prompts))
        return found


@contextmanager
def opened(settings: "Settings", adapter: Path | None = None) -> Iterator[VllmModel]:
    """The base of the settings in vLLM, with ``adapter`` if there is one, for as long as it is asked.

    Raises:
        SlumberError: vLLM is not there or does not start, the model is missing, or vLLM takes no such adapter.
    """
    from transformers import AutoConfig, AutoTokenizer

    from steps.model.loading import base_folder, base_sha256, device_of, dtype_of

    knobs = settings.model
    helps = "lower it, or set dream.engine and examine.engine to 'transformers'"
    rank = fitting_rank(settings.consolidate.max_rank, said="consolidate.max_rank is", instead=helps)
    folder = base_folder(knobs)
    engine = _engine(folder, str(dtype_of(knobs, device_of(knobs))).removeprefix("torch."), rank)
    tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
    config = AutoConfig.from_pretrained(folder, trust_remote_code=False)
    ends = ends_of(folder, tokenizer)
    with engine.awake():
        loaded = engine.with_adapter(adapter)
        yield VllmModel(engine, tokenizer, config, ends, sha256=base_sha256(folder), adapter=loaded)


@cache
def _engine(folder: Path, dtype: str, rank: int) -> VllmEngine:
    return VllmEngine(folder, dtype=dtype, rank=rank)


def _line(error: Exception) -> str:
    said = next(iter(str(error).strip().splitlines()), "")[:200]
    return f"{type(error).__name__}: {said}" if said else type(error).__name__
