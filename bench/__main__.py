"""Command line of the benchmark: ``python -m bench --help`` names its commands."""

from pathlib import Path
from typing import Annotated

import typer

from orchestration.environment import prepare_libraries

prepare_libraries()  # how threads wait is read when torch is imported

# ruff: noqa: E402
from bench.arms import ARMS, chosen_arms
from bench.benchmark_run import BenchmarkRun
from bench.presets import PRESETS
from bench.reporting import report
from bench.running import Plan, run_arms
from bench.stream import Stream, invented_stream
from orchestration.cli import UserErrors
from steps.errors import SlumberError
from steps.params import load_settings
from steps.settings import Settings

app = typer.Typer(
    cls=UserErrors, add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__
)

PresetName = Annotated[str, typer.Option("--preset", help="; ".join(f"{n}: {p.says}" for n, p in PRESETS.items()))]
Nights = Annotated[int | None, typer.Option("--nights", min=1, help="how many nights of the stream")]
Arms = Annotated[
    str | None, typer.Option("--arms", help="comma-separated; " + "; ".join(f"{n}: {a.says}" for n, a in ARMS.items()))
]
Model = Annotated[str | None, typer.Option("--model", help="'embedded', a local folder or a hub id")]
Device = Annotated[str | None, typer.Option("--device", help="auto, cpu or cuda")]
Out = Annotated[Path, typer.Option("--out", help="folder of the run; a second start goes on from what is there")]
Params = Annotated[Path | None, typer.Option("--params", help="another params.yaml")]


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
    _run(found.first(nights or _preset(preset).nights), preset, arms, _settings(params, model, device), out)


@app.command()
def corrections(
    seeds: Annotated[int, typer.Option("--seeds", min=1, help="runs, each with another seed")] = 1,
    nights: Annotated[int, typer.Option("--nights", min=1, max=8, help="nights of corrections")] = 8,
    arms: Annotated[
        str | None, typer.Option("--arms", help="comma-separated; all: base,look-up,plain,weights,weights+look-up")
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

    said, settings, folder = read_corrections(), _settings(params, model, device), out.resolve()
    if lessons:
        report_lessons(running.dream_only(said, settings, folder, nights), said, nights)
        return
    names = [name.strip() for name in arms.split(",")] if arms else list(CORRECTION_ARMS)
    plan = running.Plan(arms=tuple(chosen(names)), nights=nights, seeds=seeds, anchors_every=anchors_every)
    found, runs = running.run(said, settings, folder, plan)
    report_corrections(found, runs, said, settings, folder)


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

    count = nights or _preset(preset).nights
    found = squad_stream(file, out / "inbox", nights=count, passages=passages)
    _run(found, preset, arms, _settings(params, model, device), out)


@app.command()
def speed(
    dreams: Annotated[int, typer.Option("--dreams", min=0, help="dreams trained on; 0: the whole night")] = 120,
    epochs: Annotated[int | None, typer.Option("--epochs", min=1, help="passes over them; default: a night's")] = None,
    prompts: Annotated[int, typer.Option("--prompts", min=1, help="texts sampled")] = 60,
    peers: Annotated[bool, typer.Option("--peers/--no-peers", help="measure TRL, too")] = True,
    model: Model = None,
    device: Device = None,
    params: Params = None,
    out: Out = Path(".bench/speed"),
) -> None:
    """Print how fast training and dreaming are beside TRL's SFTTrainer and a plain generate loop."""
    from bench.speed import measure

    settings = _settings(params, model, device)
    passes = epochs or settings.consolidate.epochs
    measure(settings, out, dreams=dreams, epochs=passes, prompts=prompts, peers=peers)


@app.command()
def ingest(
    sizes: Annotated[str, typer.Option("--sizes", help="numbers of records, comma-separated")] = "1000,10000,100000",
    params: Params = None,
    out: Out = Path(".bench/ingestion"),
) -> None:
    """Print what ingesting and validating cost with 5 % new records, by their number."""
    from bench.ingestion import measure

    measure(params, out.resolve(), [int(size) for size in sizes.split(",")])


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
        stream=invented_stream().first(nights), settings=_settings(params, model, device), folder=out.resolve()
    )
    measure(benchmark, [name.strip() for name in arms.split(",")])


@app.command()
def gate() -> None:
    """Let good, forgetful, lazy, subtly harmful and tampered candidates walk through the gate on a tiny model."""
    from bench.gate_demo import walk_through_the_gate

    walk_through_the_gate()


@app.command()
def morning(
    share: Annotated[float, typer.Option("--share", min=0.01, max=1, help="of the sessions, for the champion")] = 0.5,
    users: Annotated[int, typer.Option("--users", min=10, help="simulated users before and after the night")] = 80,
) -> None:
    """Let a champion that passed the gate and fails its users, and one as good, live a morning on a tiny model."""
    from bench.morning import show

    show(share=share, users=users)


@app.command()
def attack() -> None:
    """Try all attacks on a night of the tiny model and print which held; exit code 1 if one got through."""
    from bench.attacks.running import run_attacks

    if any(outcome.through is not None for outcome in run_attacks()):
        raise typer.Exit(1)


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
def load(
    minutes: Annotated[
        float, typer.Option("--minutes", min=0, help="that slumber is asked, its peer as long; 0: the night alone")
    ] = 5.0,
    users: Annotated[int, typer.Option("--users", min=1, help="who ask at once, in sessions")] = 6,
    tokens: Annotated[int, typer.Option("--tokens", min=1, help="longest answer")] = 32,
    night_minutes: Annotated[
        float, typer.Option("--night-minutes", min=0, help="asked beside a night's training; 0: no night")
    ] = 2.0,
    night_users: Annotated[int, typer.Option("--night-users", min=1, help="who ask then")] = 2,
    batching: Annotated[
        bool, typer.Option("--peer-batching/--no-peer-batching", help="continuous batching of the peer")
    ] = False,
    model: Annotated[str, typer.Option("--model", help="'embedded', 'tiny', or a local folder")] = "embedded",
    out: Out = Path(".bench/load"),
) -> None:
    """Ask the server over two swaps, beside `transformers serve`, and while a night trains; print what users met."""
    from bench.load.running import Plan, measure

    plan = Plan(model, minutes, users, tokens, night_minutes, night_users, batching)
    measure(plan, out.resolve())


@app.command()
def redaction() -> None:
    """Print how well redaction tells secrets and personal data from what looks like them, on labelled lines."""
    from bench.redaction import measure

    measure()


@app.command()
def triage(
    tuning_only: Annotated[bool, typer.Option("--tuning-only", help="leave out the half for the report")] = False,
    params: Params = None,
) -> None:
    """Print how well triage sorts labelled experiences: what persists, what is temporary, what teaches nothing."""
    from bench.triage import measure

    measure(load_settings(params), report=not tuning_only)


@app.command()
def talks(
    half: Annotated[str, typer.Option("--half", help="tuned or kept")] = "kept",
    language: Annotated[str | None, typer.Option("--language", help="en, de, fr or es (default: all)")] = None,
    show: Annotated[bool, typer.Option("--show", help="print each talk of the tuned half that went wrong")] = False,
) -> None:
    """Print how many corrections are recognised in talks as people write them, and what is taken for one."""
    from bench.talks import HALVES, measure

    if half not in HALVES or (show and half == "kept"):
        raise SlumberError("Take --half tuned or kept; --show is for the tuned one: nobody reads what is kept.")
    measure(half, language=language, show=show)


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


@app.command()
def gate_errors(
    trials: Annotated[int, typer.Option("--trials", min=1, help="simulated nights of each candidate")] = 500,
    params: Params = None,
) -> None:
    """Print how often the gate lets which candidate pass, on simulated nights whose losses are known."""
    from bench.gate_errors import measure

    measure(load_settings(params), trials=trials)


@app.command()
def watch_errors(
    trials: Annotated[int, typer.Option("--trials", min=1, help="simulated mornings of each champion")] = 200,
    params: Params = None,
) -> None:
    """Print how often the morning watch withdraws which champion, on simulated mornings whose losses are known."""
    from bench.watch_errors import measure

    measure(load_settings(params).watch, trials=trials)


@app.command()
def writers(
    trials: Annotated[int, typer.Option("--trials", min=1, help="times that the four nights are simulated")] = 200,
) -> None:
    """Print how simulated writers earn their share over four nights, one that teaches nothing among them."""
    from bench.writers import measure

    measure(trials=trials)


def _run(found: Stream, preset: str, arms: str | None, settings: Settings, out: Path) -> None:
    chosen = _preset(preset)
    names = [name.strip() for name in arms.split(",")] if arms else list(chosen.arms)
    plan = Plan(arms=tuple(chosen_arms(names)), anchors_every=chosen.anchors_every)
    benchmark = BenchmarkRun(stream=found, settings=settings, folder=out.resolve())
    marks, anchors, costs = run_arms(benchmark, plan)
    report(benchmark, marks, anchors, costs, preset=preset)


def _preset(name: str):
    if name not in PRESETS:
        raise SlumberError(f"There is no preset {name!r}: the presets are {', '.join(PRESETS)}.")
    return PRESETS[name]


def _settings(params: Path | None, model: str | None, device: str | None) -> Settings:
    settings = load_settings(params)
    if model and Path(model).is_dir():
        model = str(Path(model).absolute())  # what the command line names lies beside the caller, not beside params
    changed = {key: value for key, value in (("base", model), ("device", device)) if value}
    checked = type(settings.model)(**{**settings.model.model_dump(), **changed})
    chosen = settings.model.model_copy(update={key: getattr(checked, key) for key in changed})
    return settings.model_copy(update={"model": chosen})


if __name__ == "__main__":
    app(prog_name="python -m bench")
