"""What a tenant costs: disk, a night, rows of the registry, an adapter to load, memory of the server; by their number.

One deployment of the tiny model grows from one number of tenants to the next. Of each number a few have a whole night
of their own; the others' champions are planted (``bench.load.champions``), so that registry and server are as full as
the number says. What is multiplied instead of measured is marked so.
"""

import math
import shutil
import sqlite3
import statistics
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import psutil
from rich import box
from rich.console import Console
from rich.table import Table

from bench.load.champions import crown, make_adapter
from bench.tiny import build_tiny_model
from orchestration.environment import Deployment
from orchestration.night import run_night_of
from orchestration.tenancy import turn_of
from steps.params import load_settings
from steps.progress import say
from steps.registry import Registry
from steps.registry.lineage import opened_registry
from steps.settings import REPOSITORY
from steps.tenants import add_tenant, tenants_of
from steps.workspace import Workspace, write_json

NIGHT, PLANTED = "2026-11-22", "2026-11-20"
WAKE = 48  # tenants who ask the server, one after the other: more than it holds at once


@dataclass(frozen=True)
class Cost:
    """Means over the tenants that were sampled. ``seconds`` are wall clock, ``cpu`` of this process.

    ``rows``, ``bytes``: in the registry's database, of one night. ``turn``: to find out whether a tenant's night is
    due. ``cold``: until the first word to one who slept, ``warm`` to one who was awake. ``load``: PEFT's share of it.
    """

    tenants: int
    nights: int
    night_seconds: float
    night_cpu: float
    disk: int
    rows: int
    bytes: int
    database: int
    plant_seconds: float
    turn_ms: float
    cold_ms: float
    warm_ms: float
    load_ms: float
    adapter_bytes: int
    adapters: int
    memory_mb: float
    grown_mb: float


def measure(out: Path, counts: list[int], *, nights: int) -> list[Cost]:
    """Grow the deployment in ``out`` to each of the counts, measure, and print a table; a plot lies beside it."""
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    found = _deployment(out)
    adapter = make_adapter(out / "adapter", found.settings, seed=1, noise=0.05)
    opened_registry(found.settings, found.workspace)
    crown(Registry(found.settings, found.workspace), adapter, night=PLANTED)
    costs: list[Cost] = []
    for count in sorted(counts):
        costs.append(_measured(found, adapter, count, nights=nights))
        write_json(out / "result.json", [asdict(cost) for cost in costs])
        show(costs)
    draw(costs, out)
    say(f"{out / 'result.json'}, tenants.svg")
    return costs


def _deployment(out: Path) -> Deployment:
    model = build_tiny_model(out / "model")
    for name, file, many in (("anchors", "arithmetic", 12), ("canaries", "injections", 3)):
        lines = (REPOSITORY / "data" / name / f"{file}.jsonl").read_text().splitlines()[:many]
        (out / name).mkdir()
        (out / name / "few.jsonl").write_text("\n".join(lines) + "\n")
    settings = load_settings()

    def changed(section: str, **values: Any) -> Any:
        return getattr(settings, section).model_copy(update=values)

    small = {
        "model": changed("model", base=str(model), device="cpu", dtype="float32", threads=1),
        "dream": changed("dream", facts_per_sentence=1, wordings_per_fact=1, rehearsals=8),
        "consolidate": changed("consolidate", epochs=2, rank=4),
        "examine": changed("examine", anchors=out / "anchors", canaries=out / "canaries", max_new_tokens=8),
        "gate": changed("gate", min_anchors=10),
        "night": changed("night", wait=False, nice=0),
    }
    workspace = Workspace(out / "deployment")
    workspace.root.mkdir()
    return Deployment(settings.model_copy(update=small), workspace, workspace.root / "inbox")


def _measured(found: Deployment, adapter: Path, count: int, *, nights: int) -> Cost:
    say(f"{count} tenants ...")
    there = len(tenants_of(found.workspace))
    names = [f"t{n:07}" for n in range(count)]
    fresh = names[there:]
    sample = fresh[-nights:]
    for n, name in enumerate(fresh):
        inbox = add_tenant(found.workspace, name).root / "inbox"
        (inbox / "ferry.md").write_text(
            f"# The ferry T{name}\n\nThe ferry T{name} was built in {1900 + n % 100} by Edda K.\n"
        )
    planted = [_timed(partial(_plant, found, name, adapter))[0] for name in fresh if name not in sample]
    slept = [_night(found, name) for name in sample]
    turns = _timed(lambda: [turn_of(found.of_tenant(name).workspace, name) for name in names])[0]
    database = found.workspace.state / "mlflow" / "mlflow.db"
    return Cost(
        tenants=count,
        nights=len(sample),
        **{key: type(slept[0][key])(statistics.mean(one[key] for one in slept)) for key in slept[0]},
        database=database.stat().st_size,
        plant_seconds=statistics.mean(planted) if planted else 0.0,
        turn_ms=1000 * turns / count,
        adapter_bytes=_size(adapter),
        **_served(found, [n for n in names if n not in sample] or names),
    )


def _plant(found: Deployment, name: str, adapter: Path) -> None:
    own = found.of_tenant(name)
    registry = opened_registry(own.settings, own.workspace)
    crown(registry, adapter, night=PLANTED)


def _night(found: Deployment, name: str) -> dict[str, Any]:
    own, database = found.of_tenant(name), found.workspace.state / "mlflow" / "mlflow.db"
    before, size, cpu = _rows(database), database.stat().st_size, time.process_time()
    seconds, _ = _timed(lambda: run_night_of(own, NIGHT))
    return {
        "night_seconds": seconds,
        "night_cpu": time.process_time() - cpu,
        "disk": _size(own.workspace.root),
        "rows": _rows(database) - before,
        "bytes": max(0, database.stat().st_size - size),
    }


def _served(found: Deployment, names: list[str]) -> dict[str, Any]:
    """Let tenants ask the server in this process, one after the other, twice around."""
    from awake.asking import Ask
    from awake.engine import Engine
    from awake.rooms import Rooms
    from steps.model.chat import prompt_tokens
    from steps.model.loading import load_base

    base = load_base(found.settings.model)
    engine = Engine(base, together=8, waiting=8)
    rooms = Rooms(found.settings, found.workspace, engine, tell=lambda *_: None)
    prompt, loads = tuple(prompt_tokens(base.tokenizer, "Who built the ferry?")), list[float]()
    load = engine.load_version

    def timed_load(*args: Any, **how: Any) -> None:
        loads.append(_timed(lambda: load(*args, **how))[0])

    engine.load_version = timed_load  # type: ignore[method-assign]

    def ask(name: str) -> None:
        room = rooms.enter(name)
        serving = room.champion.serving
        answer = engine.ask(Ask(prompt, 1), place=serving.place, asker=name)
        assert "".join(answer.pieces(seconds=60)) is not None and serving.problem is None
        rooms.leave(room)

    asked = names[-WAKE:]
    ask(asked[0])  # what is loaded once for all
    began = psutil.Process().memory_info().rss
    cold = [_timed(partial(ask, name))[0] for name in asked[1:]] or [0.0]
    full = psutil.Process().memory_info().rss
    warm = [_timed(lambda: ask(asked[-1]))[0] for _ in range(5)]
    adapters = engine.adapters
    for name in asked[: WAKE // 2]:
        ask(name)
    again = psutil.Process().memory_info().rss
    rooms.stop()
    engine.stop()
    return {
        "cold_ms": 1000 * statistics.median(cold),
        "warm_ms": 1000 * statistics.median(warm),
        "load_ms": 1000 * statistics.median(loads) if loads else 0.0,
        "adapters": adapters,
        "memory_mb": (full - began) / 1e6,
        "grown_mb": (again - full) / 1e6,
    }


def show(costs: list[Cost]) -> None:
    """Print the costs: a column for each number of tenants."""
    table = Table(box=box.SIMPLE, pad_edge=False)
    table.add_column("tenants")
    rows: dict[str, Callable[[Cost], str]] = {
        "a night, s (CPU s)": lambda c: f"{c.night_seconds:.1f} ({c.night_cpu:.1f})",
        "nights sampled": lambda c: f"{c.nights}",
        "disk after one night, MB": lambda c: f"{c.disk / 1e6:.2f}",
        "disk of all, GB (multiplied)": lambda c: f"{c.disk * c.tenants / 1e9:.2f}",
        "registry rows of a night": lambda c: f"{c.rows}",
        "registry bytes of a night, kB": lambda c: f"{c.bytes / 1e3:.0f}",
        "registry, MB": lambda c: f"{c.database / 1e6:.1f}",
        "to register a champion, s": lambda c: f"{c.plant_seconds:.2f}" if c.plant_seconds else "-",
        "is a night due, ms a tenant": lambda c: f"{c.turn_ms:.2f}",
        "first word, asleep before, ms": lambda c: f"{c.cold_ms:.0f}" if c.cold_ms else "-",
        "first word, awake, ms": lambda c: f"{c.warm_ms:.0f}",
        "of it loading the adapter, ms": lambda c: f"{c.load_ms:.0f}" if c.load_ms else "-",
        "adapters in memory": lambda c: f"{c.adapters}",
        "server grew with them, MB": lambda c: f"{c.memory_mb:.1f}",
        "and with 24 more in turns, MB": lambda c: f"{c.grown_mb:.1f}",
    }
    for cost in costs:
        table.add_column(f"{cost.tenants:,}", justify="right")
    for says, value in rows.items():
        table.add_row(says, *(value(cost) for cost in costs))
    Console(width=120).print(table)


def draw(costs: list[Cost], out: Path) -> None:
    """Draw what grows with the number of tenants, and what does not."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    from bench.drawing import DOTS_PER_INCH, FAINT, GRID, INK

    lines: dict[str, Callable[[Cost], float]] = {
        "a night, CPU s": lambda c: c.night_cpu,
        "registry, MB": lambda c: c.database / 1e6,
        "disk of all, MB (multiplied)": lambda c: c.disk * c.tenants / 1e6,
        "first word, asleep before, ms": lambda c: c.cold_ms,
        "adapters in memory": lambda c: float(c.adapters),
    }
    figure, axes = plt.subplots(figsize=(7, 4.2))
    for says, value in lines.items():
        axes.plot([c.tenants for c in costs], [value(c) or math.nan for c in costs], marker="o", label=says)
    axes.set(xscale="log", yscale="log", xlabel="tenants")
    axes.grid(color=GRID)
    axes.tick_params(colors=INK)
    for side in axes.spines.values():
        side.set_color(FAINT)
    axes.legend(frameon=False, fontsize=8)
    figure.tight_layout()
    for kind in ("svg", "png"):
        figure.savefig(out / f"tenants.{kind}", dpi=DOTS_PER_INCH)
    plt.close(figure)


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    start = time.perf_counter()
    made = work()
    return time.perf_counter() - start, made


def _size(folder: Path) -> int:
    """Bytes on disk of all files."""
    return sum(path.stat().st_blocks * 512 for path in folder.rglob("*") if path.is_file())


def _rows(database: Path) -> int:
    with closing(sqlite3.connect(database)) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return sum(connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in tables)
