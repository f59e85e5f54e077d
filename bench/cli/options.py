"""Options that several commands of the benchmark share, and what is made of them."""

from pathlib import Path
from typing import Annotated

import typer

from bench.arms import ARMS, chosen_arms
from bench.benchmark_run import BenchmarkRun
from bench.presets import PRESETS, Preset
from bench.reporting import report
from bench.running import Plan, run_arms
from bench.stream import Stream
from orchestration.cli import UserErrors
from steps.errors import SlumberError
from steps.params import load_settings
from steps.settings import Settings

PresetName = Annotated[str, typer.Option("--preset", help="; ".join(f"{n}: {p.says}" for n, p in PRESETS.items()))]
Nights = Annotated[int | None, typer.Option("--nights", min=1, help="how many nights of the stream")]
Arms = Annotated[
    str | None, typer.Option("--arms", help="comma-separated; " + "; ".join(f"{n}: {a.says}" for n, a in ARMS.items()))
]
Model = Annotated[str | None, typer.Option("--model", help="'embedded', a local folder or a hub id")]
Device = Annotated[str | None, typer.Option("--device", help="auto, cpu or cuda")]
Out = Annotated[Path, typer.Option("--out", help="folder of the run; a second start goes on from what is there")]
Params = Annotated[Path | None, typer.Option("--params", help="another params.yaml")]


def commands(help: str | None = None) -> typer.Typer:
    """Return an empty set of commands, whose errors are told in a sentence."""
    return typer.Typer(
        cls=UserErrors, add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help=help
    )


def run_stream(found: Stream, preset: str, arms: str | None, settings: Settings, out: Path) -> None:
    chosen = preset_of(preset)
    names = [name.strip() for name in arms.split(",")] if arms else list(chosen.arms)
    plan = Plan(arms=tuple(chosen_arms(names)), anchors_every=chosen.anchors_every)
    benchmark = BenchmarkRun(stream=found, settings=settings, folder=out.resolve())
    marks, anchors, costs = run_arms(benchmark, plan)
    report(benchmark, marks, anchors, costs, preset=preset)


def preset_of(name: str) -> Preset:
    if name not in PRESETS:
        raise SlumberError(f"There is no preset {name!r}: the presets are {', '.join(PRESETS)}.")
    return PRESETS[name]


def chosen_settings(params: Path | None, model: str | None, device: str | None) -> Settings:
    settings = load_settings(params)
    if model and Path(model).is_dir():
        model = str(Path(model).absolute())  # what the command line names lies beside the caller, not beside params
    changed = {key: value for key, value in (("base", model), ("device", device)) if value}
    checked = type(settings.model)(**{**settings.model.model_dump(), **changed})
    chosen = settings.model.model_copy(update={key: getattr(checked, key) for key in changed})
    return settings.model_copy(update={"model": chosen})
