"""Nights that learn: streams, corrections, days."""

from pathlib import Path
from typing import Annotated

import typer

from bench.benchmark_run import BenchmarkRun
from bench.cli.options import (
    Arms,
    Device,
    Model,
    Nights,
    Out,
    Params,
    PresetName,
    chosen_settings,
    commands,
    preset_of,
    run_stream,
)
from bench.stream import invented_stream
from steps.params import load_settings

app = commands()


@app.command()
def stream(
    preset: PresetName = "quick",
    nights: Nights = None,
    report_only: Annotated[
        bool, typer.Option("--report-only", help="the nights that nothing was tuned on, without those before them")
    ] = False,
    arms: Arms = None,
    model: Model = None,
    device: Device = None,
    params: Params = None,
    out: Out = Path(".bench/stream"),
) -> None:
    """Teach the eight invented nights and print what each arm learned and forgot."""
    found = invented_stream().reported() if report_only else invented_stream()
    run_stream(
        found.first(nights or preset_of(preset).nights), preset, arms, chosen_settings(params, model, device), out
    )


@app.command()
def corrections(
    seeds: Annotated[int, typer.Option("--seeds", min=1, help="runs, each with another seed")] = 1,
    first_seed: Annotated[
        int, typer.Option("--first-seed", min=1, help="begin with this one: seeds can run side by side")
    ] = 1,
    nights: Annotated[int, typer.Option("--nights", min=1, max=8, help="nights of corrections")] = 8,
    arms: Annotated[
        str | None,
        typer.Option(
            "--arms", help="comma-separated; all: base,look-up,memory,plain,weights,weights+look-up,weights+memory"
        ),
    ] = None,
    anchors_every: Annotated[
        int,
        typer.Option(
            "--anchors-every", min=0, help="nights between two looks at general abilities; 0: before and after"
        ),
    ] = 0,
    model: Model = None,
    device: Device = None,
    params: Params = None,
    out: Out = Path(".bench/corrections"),
    lessons: Annotated[
        bool, typer.Option("--lessons", help="make the lessons, say what is wrong with them, and stop")
    ] = False,
) -> None:
    """Correct fifty invented facts over eight nights and print what is known next morning and on all later ones."""
    from bench.corrections import running
    from bench.corrections.arms import ARMS as CORRECTION_ARMS
    from bench.corrections.arms import chosen_arms as chosen
    from bench.corrections.data import read_corrections
    from bench.corrections.reporting import report as report_corrections
    from bench.corrections.reporting import report_lessons

    said, settings, folder = read_corrections(), chosen_settings(params, model, device), out.resolve()
    if lessons:
        report_lessons(running.dream_only(said, settings, folder, nights), said, nights)
        return
    names = [name.strip() for name in arms.split(",")] if arms else list(CORRECTION_ARMS)
    plan = running.Plan(tuple(chosen(names)), nights, seeds, anchors_every, first_seed)
    found, runs = running.run(said, settings, folder, plan)
    report_corrections(found, runs, said, settings, folder)


@app.command()
def depot(
    nights: Annotated[int, typer.Option("--nights", min=1, max=8, help="four principles each")] = 8,
    seeds: Annotated[int, typer.Option("--seeds", min=1, help="runs, each with other cases and draws")] = 1,
    arms: Annotated[
        str | None,
        typer.Option(
            "--arms",
            help="comma-separated; all: no-update,oracle,retrieved,rules,instances,no-rehearsal,slumber,at-once",
        ),
    ] = None,
    anchors: Annotated[bool, typer.Option("--anchors", help="general abilities after the last night, too")] = False,
    model: Model = None,
    device: Device = None,
    params: Params = None,
    out: Out = Path(".bench/depot"),
) -> None:
    """Let an agent act in an invented depot and print what it does right on the mornings after: 32 principles."""
    from bench.depot.arms import ARMS as DEPOT_ARMS
    from bench.depot.arms import chosen_arms as chosen
    from bench.depot.data import read_depot
    from bench.depot.reporting import report as report_depot
    from bench.depot.running import Plan, run

    settings, folder = chosen_settings(params, model, device), out.resolve()
    names = [name.strip() for name in arms.split(",")] if arms else list(DEPOT_ARMS)
    plan = Plan(arms=chosen(names), nights=nights, seeds=seeds, anchors=anchors)
    report_depot(run(read_depot(), settings, folder, plan), settings, folder, seeds=seeds)


@app.command()
def squad(
    file: Annotated[Path, typer.Argument(help="SQuAD in SEAL's layout: [{title, context, questions}]")],
    preset: PresetName = "quick",
    nights: Nights = None,
    passages: Annotated[int, typer.Option("--passages", min=1, help="passages taught in one night")] = 5,
    arms: Arms = None,
    model: Model = None,
    device: Device = None,
    params: Params = None,
    out: Out = Path(".bench/squad"),
) -> None:
    """Teach SQuAD passages: one at once (--nights 1 --passages 1), n at once, or night after night (SEAL's matrix)."""
    from bench.squad import squad_stream

    count = nights or preset_of(preset).nights
    found = squad_stream(file, out / "inbox", nights=count, passages=passages)
    run_stream(found, preset, arms, chosen_settings(params, model, device), out)


@app.command()
def retention(
    arms: Annotated[str, typer.Option("--arms", help="comma-separated; they must have run")] = "slumber,dreams",
    nights: Annotated[int, typer.Option("--nights", min=2, help="development nights are 1 to 4")] = 4,
    model: Model = None,
    device: Device = None,
    params: Params = None,
    out: Annotated[Path, typer.Option("--out", help="folder of a run of stream")] = Path(".bench/eight"),
) -> None:
    """Compare what a finished run's nights forgot by right and wrong with how firmly it is known."""
    from bench.retention import measure

    benchmark = BenchmarkRun(
        stream=invented_stream().first(nights), settings=chosen_settings(params, model, device), folder=out.resolve()
    )
    measure(benchmark, [name.strip() for name in arms.split(",")])


@app.command()
def day(
    days: Annotated[int, typer.Option("--days", min=1, max=2, help="the second day corrects the first")] = 1,
    model: Model = None,
    out: Annotated[Path, typer.Option("--out", help="folder of the days; those played there before go")] = Path(
        ".bench/day"
    ),
) -> None:
    """Play a day of talk and a night: people correct the server, it sleeps, and the morning asks again."""
    from bench.day.playing import play_days
    from bench.day.telling import tell

    for mornings in play_days(out.resolve(), days=days, model=model):
        tell(mornings, out.resolve())


@app.command()
def kinds(
    anchors_every: Annotated[
        int, typer.Option("--anchors-every", min=1, help="ask every so-manieth item of the anchor suite")
    ] = 6,
    arms: Annotated[str | None, typer.Option("--arms", help="separated by semicolons (default: all)")] = None,
    records: Annotated[int | None, typer.Option("--records", min=8, help="of each kind at most (default: all)")] = None,
    model: Model = None,
    device: Device = None,
    params: Params = None,
    out: Out = Path(".bench/kinds"),
) -> None:
    """Learn invented demonstrations and preferences alone, in one night, and with TRL's SFTTrainer and DPOTrainer."""
    from bench.kinds.running import measure

    names = [name.strip() for name in arms.split(";")] if arms else []
    settings = chosen_settings(params, model, device)
    measure(settings, out.resolve(), anchors_every=anchors_every, arms=names, records=records)


@app.command()
def memory(
    night: Annotated[str, typer.Option("--night", help="a night that learned something and was remembered")],
    workspace: Annotated[Path, typer.Option("--workspace", help="where that night was")] = Path("."),
    most: Annotated[int | None, typer.Option("--most", min=1, help="at most so many probes (default: all)")] = None,
    params: Params = None,
) -> None:
    """Ask a night's probes of weights alone, memory alone (the base with look-up), and both."""
    from bench.memory import measure
    from steps.workspace import Workspace

    measure(load_settings(params), Workspace(workspace.absolute()), night, most=most)
