"""Texts continued: packed rows beside a plain ``generate`` loop, and beside vLLM where it is installed."""

import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch

from bench.gpu.device import Measured, timed
from bench.gpu.lessons import prompts
from bench.gpu.shapes import Shape
from steps.model.chat_model import Sampling
from steps.model.loading import Base
from steps.model.local import LocalModel

_SAMPLING = Sampling(0.7, 40)
_ROW_TOKENS = 16_384


def measure_dreaming(base: Base, shape: Shape) -> tuple[list[Measured], dict[str, str]]:
    """Measure each, written tokens per second; return what was measured, ours first, and what could not be."""
    model, tokenizer = LocalModel(base, _ROW_TOKENS), base.tokenizer
    asked = [tokenizer.encode(text, add_special_tokens=False) for text in prompts(shape.prompts)]
    how: dict[str, Any] = {"limit": shape.new_tokens, "line": False, "sampling": _SAMPLING, "seed": 0}
    model.continued("warming up", asked[:2], **how)
    texts, seconds, peak = timed(base.device, lambda: model.continued("dreaming", asked, **how))
    measured = [Measured("Slumber", sum(map(len, texts)), seconds, peak)]
    looped = asked[: shape.looped]
    written, seconds, peak = timed(base.device, lambda: sum(_generated(base, ids, shape) for ids in looped))
    measured.append(Measured("a plain generate loop", written, seconds, peak))
    if find_spec("vllm") is None:
        return measured, {"vLLM": "not installed here"}
    try:
        return [*measured, _vllm(base, shape, asked)], {}
    except Exception as error:  # whatever the device makes of it, the rest is measured
        return measured, {"vLLM": f"{type(error).__name__}: {str(error)[:200]}"}


def _generated(base: Base, prompt: list[int], shape: Shape) -> int:
    ids = torch.tensor([prompt], device=base.device)
    generate: Any = base.model.generate
    out = generate(
        input_ids=ids,
        attention_mask=torch.ones_like(ids),
        max_new_tokens=shape.new_tokens,
        do_sample=True,
        temperature=_SAMPLING.temperature,
        top_k=_SAMPLING.top_k,
        pad_token_id=base.tokenizer.pad_token_id,
    )
    return int(out.shape[1] - len(prompt))


def _vllm(base: Base, shape: Shape, asked: list[list[int]]) -> Measured:
    """vLLM's own throughput, on weights that it makes up itself (``load_format="dummy"``): none have to be written."""
    import vllm

    with tempfile.TemporaryDirectory(prefix="slumber-gpu-") as folder:
        base.model.config.save_pretrained(folder)
        base.tokenizer.save_pretrained(folder)
        free = torch.cuda.mem_get_info()[0] / torch.cuda.mem_get_info()[1] if base.device.type == "cuda" else 0.5
        llm = vllm.LLM(
            model=str(Path(folder)),
            load_format="dummy",
            dtype=str(base.model.dtype).removeprefix("torch."),
            gpu_memory_utilization=round(0.9 * free, 2),  # the base is on the device, too
            max_model_len=2048,
        )
        params = vllm.SamplingParams(
            temperature=_SAMPLING.temperature, top_k=_SAMPLING.top_k, seed=0, max_tokens=shape.new_tokens
        )
        given: Any = [{"prompt_token_ids": ids} for ids in asked]
        llm.generate(given[:2], params, use_tqdm=False)
        start = time.perf_counter()
        found = llm.generate(given, params, use_tqdm=False)
        spent = time.perf_counter() - start
    return Measured("vLLM", sum(len(one.outputs[0].token_ids) for one in found), spent)
