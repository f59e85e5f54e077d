"""A stand-in for the package ``vllm``, whose wheel wants a GPU: its offline engine, answered by the tiny model.

What is taken and given is as the sources of vLLM 0.33.0 say, in the files that each part names; ``test_sources.py``
holds the names against them where they lie unpacked. Numbers are those of ``LocalModel``.
"""

import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, ClassVar

from steps.consolidate.adapter import load_adapter
from steps.model.chat_model import GREEDY, Sampling
from steps.model.loading import load_base
from steps.model.local import LocalModel
from steps.settings import ModelSettings


@dataclass
class SamplingParams:
    """vllm/sampling_params.py, ``SamplingParams``: the fields that are used, with their defaults."""

    temperature: float = 1.0
    top_k: int = 0
    seed: int | None = None
    stop: Any = None
    stop_token_ids: list[int] | None = None
    max_tokens: int | None = 16
    prompt_logprobs: int | None = None

    def __post_init__(self):
        if self.max_tokens is not None and self.max_tokens < 1:
            raise ValueError(f"max_tokens must be at least 1, got {self.max_tokens}.")


@dataclass
class LoRARequest:
    """vllm/lora/request.py, ``LoRARequest``."""

    lora_name: str
    lora_int_id: int
    lora_path: str = ""

    def __post_init__(self):
        if self.lora_int_id < 1:
            raise ValueError(f"id must be > 0, got {self.lora_int_id}")


class LLM:
    """vllm/entrypoints/llm.py, ``LLM``, and ``EngineArgs`` of vllm/engine/arg_utils.py."""

    made: ClassVar[list[Any]] = []

    def __init__(
        self,
        model: str,
        *,
        dtype: str,
        trust_remote_code: bool,
        seed: int,
        enable_lora: bool,
        max_lora_rank: int,
        max_loras: int,
        enable_sleep_mode: bool,
    ):
        assert enable_lora and not trust_remote_code
        self.settings = ModelSettings(base=model, device="cpu", dtype=dtype, threads=1)
        self.rank, self.asked, self.asleep = max_lora_rank, [], False
        self.loaded: dict[int, LoRARequest] = {}
        self.llm_engine = SimpleNamespace(add_lora=self._add_lora)
        LLM.made.append(self)

    def _add_lora(self, request: LoRARequest) -> bool:
        """vllm/lora/worker_manager.py, ``_load_adapter``: what is wrong is an exception."""
        self._model(request)
        self.loaded[request.lora_int_id] = request
        return True

    def generate(
        self, prompts, sampling_params, *, use_tqdm=True, lora_request: LoRARequest | None = None
    ) -> list[SimpleNamespace]:
        """vllm/outputs.py: ``RequestOutput`` and ``CompletionOutput``, in the order of the prompts."""
        assert not self.asleep, "it was asked while it slept"
        assert len(sampling_params) == len(prompts), "a list of parameters is paired one by one with the prompts"
        model = self._model(lora_request)
        self.asked.append((prompts, sampling_params, lora_request))
        return [self._one(model, p["prompt_token_ids"], s) for p, s in zip(prompts, sampling_params, strict=True)]

    def _one(self, model: LocalModel, prompt: list[int], how: SamplingParams) -> SimpleNamespace:
        sampling = GREEDY if how.temperature < 1e-5 else Sampling(how.temperature, how.top_k)
        model.ends = set(how.stop_token_ids or ()) | {model.tokenizer.eos_token_id}
        line = how.stop == ["\n"]
        (tokens,) = model.continued(
            "one", [prompt], limit=how.max_tokens, line=line, sampling=sampling, seed=how.seed or 0
        )
        reason = "stop" if tokens[-1] in model.ends or (line and "\n" in model.tokenizer.decode(tokens[-1:])) else None
        # v1/engine/detokenizer.py: the token that stopped it is among token_ids, though not in the text.
        output = SimpleNamespace(token_ids=tokens, finish_reason=reason or "length")
        found = None
        if how.prompt_logprobs is not None:  # v1/engine/logprobs.py: the first token of a prompt has none
            assert how.prompt_logprobs == 0
            (scores,) = model.score_tokens("one", [(prompt[:1], prompt[1:])])
            found = [None, *({t: SimpleNamespace(logprob=float(v))} for t, v in zip(prompt[1:], scores, strict=True))]
        return SimpleNamespace(prompt_token_ids=prompt, prompt_logprobs=found, outputs=[output])

    def _model(self, request: LoRARequest | None) -> LocalModel:
        base = load_base(self.settings)
        if request is not None:
            adapted = load_adapter(base.model, Path(request.lora_path))
            rank = next(iter(adapted.peft_config.values())).r
            if rank > self.rank:  # lora/peft_helper.py, ``validate_legal``
                raise ValueError(f"LoRA rank {rank} is greater than max_lora_rank {self.rank}.")
            adapted.eval()
        return LocalModel(base, 1000)

    def sleep(self, level: int = 1, mode: str = "abort") -> None:
        self.asleep = True

    def wake_up(self, tags: list[str] | None = None) -> bool:
        self.asleep = False
        return True


def installed(monkeypatch) -> None:
    """Have ``import vllm`` find this stand-in, with no engine of another test running."""
    from steps.model import vllm_engine

    top, lora, request = (ModuleType(name) for name in ("vllm", "vllm.lora", "vllm.lora.request"))
    top.LLM, top.SamplingParams, request.LoRARequest = LLM, SamplingParams, LoRARequest
    for module in (top, lora, request):
        monkeypatch.setitem(sys.modules, module.__name__, module)
    vllm_engine._engine.cache_clear()
    LLM.made.clear()
