"""Speed as ratios within one run: training against TRL's SFTTrainer, dreaming against a plain ``generate`` loop.

Tokens are those of the examples (or of the texts written), without padding and without packing: the work done. The
machine's limit is its best product of two large float matrices, measured in the same run.
"""

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.table import Table

from bench.benchmark_run import BenchmarkRun
from bench.peer_examples import peer_examples
from bench.peers import train_sft
from bench.products import of_few_rows, tables, where
from bench.provenance import machine
from bench.stream import invented_stream
from bench.training import taught
from steps.anchors import read_anchors
from steps.kinds.document.questions import ranked_questions, wording_prompt
from steps.kinds.document.sources import passages
from steps.model.chat import question_chat
from steps.model.chat_model import Sampling
from steps.model.loading import load_base
from steps.model.local import LocalModel
from steps.records import Dream
from steps.settings import Settings
from steps.workspace import write_json

SIZE = 2048
NEW_TOKENS = 24


@dataclass(frozen=True)
class Speed:
    """One thing measured: tokens in seconds; ``flops`` per second where they were counted."""

    what: str
    tokens: int
    seconds: float
    flops: float | None = None

    @property
    def rate(self) -> float:
        return self.tokens / self.seconds


def measure(settings: Settings, folder: Path, *, dreams: int, epochs: int, prompts: int, peers: bool) -> None:
    """Measure, print the ratios and write ``speed.json``.

    Args:
        dreams: how many dreams of the first night are trained on, ``epochs`` times each; 0 is all of them.
        prompts: how many texts are sampled.
        peers: False leaves TRL out (it is many times slower than what it is compared with).
    """
    knobs = settings.consolidate.model_copy(
        update={"epochs": epochs, "rehearsal_fraction": 1.0, "wordings_per_epoch": 1000}
    )  # the same work for all
    settings = settings.model_copy(update={"consolidate": knobs})
    benchmark = BenchmarkRun(invented_stream().first(1), settings, folder.resolve())
    (night,) = benchmark.stream.nights
    benchmark.prepare(night, dreaming=True)
    chosen = benchmark.dreams(night)[: dreams or None]
    limit = matrix_limit(settings)
    training = [_ours(benchmark, chosen)]
    if peers:
        training += [_trl(benchmark, chosen, packing=False), _trl(benchmark, chosen, packing=True)]
    sampling = _sampled(benchmark, prompts)
    _print(training, "Training, example tokens per second", limit)
    _print(sampling, "Dreaming, written tokens per second", limit)
    went = {what: where(work) for what, work in _works(benchmark, chosen, prompts).items()}
    for shown in (*tables(went, limit), of_few_rows(load_base(settings.model).model)):
        Console(width=120).print(shown)
    rows = [{**s.__dict__, "tokens_per_second": s.rate} for s in (*training, *sampling)]
    spent = {what: found.figures(limit) for what, found in went.items()}
    result = {"machine": machine(), "matrix_limit_flops": limit, "measured": rows, "where": spent}
    write_json(folder / "speed.json", result)


def _works(benchmark: BenchmarkRun, dreams: list[Dream], prompts: int) -> dict[str, Callable[[], Any]]:
    """What is looked into, by its name: a little of each, for every operation is noted in memory."""
    settings = benchmark.settings
    model = LocalModel(load_base(settings.model), settings.dream.batch_tokens)
    anchors = [a for a in read_anchors(settings.anchors) if a.options][:prompts]
    rated = [(question_chat(anchor.prompt), option) for anchor in anchors for option in anchor.options]
    texts = _texts(benchmark, model, prompts)[: prompts // 2]
    return {
        "training": lambda: _ours(benchmark, dreams[: prompts // 2], count=False),
        "rating, as in an examination": lambda: model.score("rating", rated),
        "writing, as in dreams": lambda: _complete(benchmark, model, texts),
    }


def matrix_limit(settings: Settings) -> float:
    """Floating-point operations per second of the best of ten products of two ``SIZE`` x ``SIZE`` matrices."""
    base = load_base(settings.model)
    left = torch.randn(SIZE, SIZE, device=base.device, dtype=base.model.dtype)
    best = float("inf")
    for _ in range(10):
        _wait(base.device)
        start = time.perf_counter()
        left @ left
        _wait(base.device)
        best = min(best, time.perf_counter() - start)
    return 2 * SIZE**3 / best


def _ours(benchmark: BenchmarkRun, dreams: list[Dream], *, count: bool = True) -> Speed:
    with tempfile.TemporaryDirectory() as folder:
        done = taught(
            benchmark.settings, dreams, benchmark.corpus(1), start=None, out=Path(folder) / "adapter", count=count
        )
    return Speed("Slumber", done.tokens, done.seconds, (done.flops or 0) / done.seconds)


def _trl(benchmark: BenchmarkRun, dreams: list[Dream], *, packing: bool) -> Speed:
    examples = peer_examples(dreams, benchmark.corpus(1))
    with tempfile.TemporaryDirectory() as folder:
        run = train_sft(
            settings=benchmark.settings,
            examples=examples,
            start=None,
            out=Path(folder) / "adapter",
            seed=benchmark.settings.seed,
            packing=packing,
        )
    return Speed(f"TRL SFTTrainer, {'packed' if packing else 'padded'}", run.tokens, run.seconds)


def _sampled(benchmark: BenchmarkRun, count: int) -> list[Speed]:
    base = load_base(benchmark.settings.model)
    model = LocalModel(base, benchmark.settings.dream.batch_tokens)
    texts, knobs = _texts(benchmark, model, count), benchmark.settings.dream
    start = time.perf_counter()
    lines = _complete(benchmark, model, texts)
    ours = Speed("Slumber", sum(len(base.tokenizer.encode(t)) + 1 for t in lines), time.perf_counter() - start)
    start, written = time.perf_counter(), 0
    torch.manual_seed(0)
    for text in texts:
        ids = base.tokenizer(text, return_tensors="pt").to(base.device)
        generate: Any = base.model.generate  # whose types end at a class that is a tensor for mypy
        out = generate(
            **ids,
            max_new_tokens=NEW_TOKENS,
            do_sample=True,
            temperature=knobs.temperature,
            top_k=knobs.top_k,
            stop_strings=["\n"],
            tokenizer=base.tokenizer,
            pad_token_id=base.tokenizer.eos_token_id,
        )
        written += out.shape[1] - ids["input_ids"].shape[1]
    return [ours, Speed("plain generate loop", written, time.perf_counter() - start)]


def _texts(benchmark: BenchmarkRun, model: LocalModel, count: int) -> list[str]:
    """What is to be continued: prompts for other wordings of a question."""
    sources = [s for e in benchmark.documents(benchmark.stream.nights[0]) for s in passages(e)]
    found = [(s, f) for s in sources for f in s.facts][:count]
    ranked = ranked_questions(model, found, [None] * len(found))
    return [wording_prompt(*one, ways[0][1]) for one, ways in zip(found, ranked, strict=True) if ways]


def _complete(benchmark: BenchmarkRun, model: LocalModel, texts: list[str]) -> list[str]:
    knobs = benchmark.settings.dream
    sampling = Sampling(knobs.temperature, knobs.top_k)
    return model.complete("sampling, packed", texts, max_new_tokens=NEW_TOKENS, sampling=sampling, seed=0)


def _print(speeds: list[Speed], title: str, limit: float) -> None:
    table = Table(title=title, caption=f"{machine()}; matrix products reach {limit / 1e9:.0f} GFLOP/s")
    for column in ("", "tokens", "seconds", "tokens/s", "Slumber: times", "of the limit"):
        table.add_column(column, justify="left" if not column else "right")
    for speed in speeds:
        table.add_row(
            speed.what,
            str(speed.tokens),
            f"{speed.seconds:.1f}",
            f"{speed.rate:.0f}",
            f"{speeds[0].rate / speed.rate:.2f}",
            f"{speed.flops / limit:.0%}" if speed.flops else "-",
        )
    Console().print(table)


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
