"""vLLM on this machine as the engine that is asked: the base, and adapters beside it, in its own batches.

One engine is started in a process and kept, for that takes a minute; it sleeps while nobody asks, so that training has
the memory of the device.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from steps.model.chat import ends_of
from steps.model.chat_model import Sampling
from steps.model.offline_vllm import OfflineVllm, fitting_rank
from steps.model.token_model import Pair, TokenModel
from steps.model.window import window_of
from steps.progress import progress

if TYPE_CHECKING:
    from steps.settings import Settings

_SEEDS = 2**31


class VllmModel(TokenModel):
    """The base, with an adapter if there is one, asked through vLLM."""

    def __init__(self, engine: OfflineVllm, tokenizer: Any, config: Any, ends: set[int], *, sha256: str, adapter: Any):
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
def _engine(folder: Path, dtype: str, rank: int) -> OfflineVllm:
    return OfflineVllm(folder, dtype=dtype, rank=rank)
