"""All of it in one run, printed as tables, and written as JSON after each part: a run cut short has its figures."""

import gc
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.table import Table

from bench.gpu.device import Measured, matrix_limits
from bench.gpu.dreaming import measure_dreaming
from bench.gpu.shapes import SHAPES, Shape, random_base
from bench.gpu.training import measure_training
from bench.provenance import commit, machine
from steps.errors import SlumberError
from steps.model.embedded import NAME, WHEEL_SHA256, cache_folder
from steps.model.loading import device_of
from steps.progress import say
from steps.settings import ModelSettings, Settings
from steps.workspace import write_json

GOAL = 2.0  # times the tokens per second of TRL's trainer, at as much memory or less
FILE = "gpu.json"


def measure(names: list[str], folder: Path, *, device: str = "auto", night: bool | None = None) -> dict[str, Any]:
    """Measure these shapes, the verdicts and a night; print and return the figures, which ``folder`` keeps as JSON.

    ``night``: whether the embedded model sleeps one; None: on a GPU, for elsewhere it takes many minutes.

    Raises:
        SlumberError: there is no such shape, or no such device.
    """
    if unknown := [name for name in names if name not in SHAPES]:
        raise SlumberError(f"There is no shape {unknown[0]!r}: the shapes are {', '.join(SHAPES)}.")
    place = _device(device)
    start, shapes = time.perf_counter(), dict[str, Any]()
    found: dict[str, Any] = {"machine": machine(), "commit": commit(), "device": place.type, "shapes": shapes}
    folder.mkdir(parents=True, exist_ok=True)

    def kept() -> None:
        write_json(folder / FILE, {**found, "seconds": time.perf_counter() - start})

    for name in names:
        say(f"{name}: a model of random weights ...")
        shapes[name] = _or_why(partial(_shape, SHAPES[name], place))
        kept()
    found["verdicts"] = _or_why(lambda: _verdicts(place))
    kept()
    wanted = place.type == "cuda" if night is None else night
    found["night"] = _or_why(lambda: _night(place)) if wanted else {"missing": "left out (--night asks for it)"}
    kept()
    _told(found)
    return found


def settings_of(shape: Shape) -> Settings:
    """A night's settings, with rows for a GPU and the same work for all: each lesson once in every epoch."""
    knobs: dict[str, Any] = {"epochs": shape.epochs, "batch_tokens": shape.batch_tokens, "rehearsal_fraction": 1.0}
    consolidate = Settings().consolidate.model_copy(update={**knobs, "wordings_per_epoch": 1000})
    return Settings().model_copy(update={"consolidate": consolidate})


def _shape(shape: Shape, place: torch.device) -> dict[str, Any]:
    base = random_base(shape, place, torch.bfloat16 if place.type == "cuda" else torch.float32)
    limits = matrix_limits(base.model, rows=shape.batch_tokens)
    limit = max(limits.values())
    training, missing = measure_training(base, shape, settings_of(shape))
    dreaming, also_missing = measure_dreaming(base, shape)
    parameters = sum(p.numel() for p in base.model.parameters())
    _print(training, f"{shape.name} ({parameters / 1e6:.0f} M parameters): training, example tokens per second", limit)
    _print(dreaming, f"{shape.name}: dreaming, written tokens per second", None)
    peer = max((one for one in training[1:]), key=lambda one: one.rate)
    found = {
        "parameters": parameters,
        "dtype": str(base.model.dtype).removeprefix("torch."),
        "matrix_limits": limits,
        "training": [one.row(limit) for one in training],
        "dreaming": [one.row(None) for one in dreaming],
        "missing": missing | also_missing,
        "times_the_fastest_peer": training[0].rate / peer.rate,
        "fastest_peer": peer.what,
        "goal": GOAL,
    }
    del base
    gc.collect()
    if place.type == "cuda":
        torch.cuda.empty_cache()
    return found


def _verdicts(place: torch.device) -> dict[str, Any]:
    from bench.gpu.verdicts import measure_verdicts

    with tempfile.TemporaryDirectory(prefix="slumber-gpu-") as scratch:
        return measure_verdicts(Path(scratch), place)


def _night(place: torch.device) -> dict[str, Any]:
    from bench.gpu.night import measure_night

    if not (cache_folder() / f"{NAME}-{WHEEL_SHA256[:12]}").is_dir():
        raise SlumberError("the embedded model is not here (`slumber setup` prepares it, with a package index)")

    with tempfile.TemporaryDirectory(prefix="slumber-gpu-") as scratch:
        return measure_night(Settings(), Path(scratch), place)


def _or_why(work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What came of it, or why it could not be done here: the other figures stand."""
    try:
        return work()
    except ImportError as error:
        return {"missing": f"{error.name or error} is not installed here"}
    except Exception as error:  # what a device or a driver makes of it is not known beforehand
        return {"missing": f"{type(error).__name__}: {str(error)[:300]}"}


def _device(name: str) -> torch.device:
    if name == "cuda" and not torch.cuda.is_available():
        raise SlumberError("torch sees no CUDA device: take --device cpu, and --shape tiny.")
    return device_of(ModelSettings(device=name))


def _print(rows: list[Measured], title: str, limit: float | None) -> None:
    caption = f"{machine()}, commit {commit()}"
    caption += f"; matrix products of these shapes reach {limit / 1e12:.2f} TFLOP/s" if limit else ""
    table = Table(title=title, caption=caption)
    for column in ("", "tokens", "seconds", "tokens/s", "Slumber: times", "of the limit", "peak memory, GB"):
        table.add_column(column, justify="left" if not column else "right")
    for one in rows:
        table.add_row(
            one.what,
            str(one.tokens),
            f"{one.seconds:.2f}",
            f"{one.rate:.0f}",
            f"{rows[0].rate / one.rate:.2f}",
            f"{one.flops / one.seconds / limit:.0%}" if one.flops and limit else "-",
            f"{one.peak_bytes / 1e9:.1f}" if one.peak_bytes else "-",
        )
    console = Console()
    console.width = max(console.width, 120)  # the table needs it; a narrower terminal scrolls
    console.print(table)


def _told(found: dict[str, Any]) -> None:
    console = Console()
    for name, shape in found["shapes"].items():
        missing = shape["missing"]
        for what, why in missing.items() if isinstance(missing, dict) else [("not measured", missing)]:
            console.print(f"{name}: {what}: {why}")
    verdicts, night = found["verdicts"], found["night"]
    console.print(f"Verdicts in float32 and bfloat16: {verdicts.get('missing') or verdicts}")
    console.print(f"A night of the 135M model: {night.get('missing') or night}")
