"""Rules and judges: the gate, the watch, redaction, triage, talks, writers."""

from typing import Annotated

import typer

from bench.cli.options import Params, commands
from steps.errors import SlumberError
from steps.params import load_settings

app = commands()


@app.command()
def gate() -> None:
    """Let good, forgetful, lazy, subtly harmful and tampered candidates walk through the gate on a tiny model."""
    from bench.gate_demo import walk_through_the_gate

    walk_through_the_gate()


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
def attack() -> None:
    """Try all attacks on a night of the tiny model and print which held; exit code 1 if one got through."""
    from bench.attacks.running import run_attacks

    if any(outcome.through is not None for outcome in run_attacks()):
        raise typer.Exit(1)


@app.command()
def files(
    seed: Annotated[int, typer.Option("--seed", help="which half of the tasks is learned from")] = 0,
) -> None:
    """Print the principles that gold paths of BFCL's file system make, and what they say of tasks not seen."""
    from bench.files.measuring import measure

    measure(seed=seed)


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
def writers(
    trials: Annotated[int, typer.Option("--trials", min=1, help="times that the four nights are simulated")] = 200,
) -> None:
    """Print how simulated writers earn their share over four nights, one that teaches nothing among them."""
    from bench.writers import measure

    measure(trials=trials)
