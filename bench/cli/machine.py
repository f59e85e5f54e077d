"""What the machine bears: speed, ingest, the server."""

from pathlib import Path
from typing import Annotated

import typer

from bench.cli.options import Device, Model, Out, Params, chosen_settings, commands
from bench.gpu.__main__ import gpu

app = commands()
app.command()(gpu)


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

    settings = chosen_settings(params, model, device)
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
def morning(
    share: Annotated[float, typer.Option("--share", min=0.01, max=1, help="of the sessions, for the champion")] = 0.5,
    users: Annotated[int, typer.Option("--users", min=10, help="simulated users before and after the night")] = 80,
) -> None:
    """Let a champion that passed the gate and fails its users, and one as good, live a morning on a tiny model."""
    from bench.morning import show

    show(share=share, users=users)


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
def scaling(
    documents: Annotated[str, typer.Option("--documents", help="of a night, comma-separated")] = "1e4,1e6,1e8",
    new: Annotated[float, typer.Option("--new", min=0.0001, max=1, help="share that was not met before")] = 0.05,
    facts: Annotated[float, typer.Option("--facts", min=0.1, help="facts of a new document")] = 8.0,
    hours: Annotated[float, typer.Option("--hours", min=0.1, help="that a night may take")] = 8.0,
    model: Model = None,
    device: Device = None,
    params: Params = None,
    out: Out = Path(".bench/scaling"),
) -> None:
    """Measure what a record, a fact and a night cost here, and print what many documents a night come to, on paper."""
    from bench.scaling import measure

    settings = chosen_settings(params, model, device)
    counts = [round(float(count)) for count in documents.split(",")]
    measure(settings, out.resolve(), counts, new=new, facts=facts, hours=hours)


@app.command()
def tenants(
    counts: Annotated[str, typer.Option("--counts", help="numbers of tenants, comma-separated")] = "1,10,100,1000",
    nights: Annotated[int, typer.Option("--nights", min=1, help="whole nights that are sampled of each number")] = 3,
    out: Out = Path(".bench/tenants"),
) -> None:
    """Print what tenants of the tiny model cost, by their number: disk, nights, registry, server."""
    from bench.tenants import measure

    measure(out.resolve(), [int(count) for count in counts.split(",")], nights=nights)
