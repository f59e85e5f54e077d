"""The run: slumber and its peer in turns, swaps in the middle of slumber's, and a night beside the server."""

import contextlib
import shutil
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import yaml
from rich.console import Console

from bench.day.serving import Server, answering, free_port, served
from bench.load.champions import crown, make_adapter
from bench.load.driving import Load, put_on
from bench.load.figures import draw, of_memory, of_requests, tables
from bench.load.night import dream, sleeping
from bench.load.sampling import Samples
from bench.provenance import machine
from bench.tiny import build_tiny_model
from steps.errors import SlumberError
from steps.model.loading import base_folder
from steps.params import load_settings
from steps.progress import say
from steps.registry.lineage import opened_registry
from steps.workspace import Workspace, write_json

NOISE = {"tiny": 0.5, "embedded": 0.004}  # of the adapters: other words, and as many of them


@dataclass(frozen=True)
class Plan:
    """``minutes``: that slumber is asked, and as long its peer; ``night_minutes``: beside a night's training."""

    model: str
    minutes: float
    users: int
    tokens: int
    night_minutes: float
    night_users: int
    batching: bool


def measure(plan: Plan, out: Path) -> dict[str, Any]:
    """Run it all in ``out``, print the tables, write ``load.json`` and ``load.png``; return the figures.

    Raises:
        SlumberError: ``out`` holds something else, or a server or the night fails.
    """
    if out.exists() and any(out.iterdir()) and not (out / "load.json").exists():
        raise SlumberError(f"{out} holds something else: name another folder with --out.")
    shutil.rmtree(out, ignore_errors=True)
    (out / "logs").mkdir(parents=True)
    write_json(out / "load.json", {})
    model: dict[str, Any] = {"base": plan.model}
    if plan.model == "tiny":
        model = {"base": str(build_tiny_model(out / "tiny")), "device": "cpu", "dtype": "float32"}
    params = out / "params.yaml"
    # The champion is looked for every second, for a run is shorter than a day.
    said = {"serve": {"port": free_port(), "poll_seconds": 1.0}, "model": {**model, "device": "cpu"}}
    params.write_text(yaml.safe_dump(said), encoding="utf-8")
    settings, workspace = load_settings(params, folder=out), Workspace(out)
    noise = NOISE.get(plan.model, NOISE["embedded"])
    adapters = [make_adapter(out / "adapters" / str(n), settings, seed=n, noise=noise) for n in (1, 2)]
    registry = opened_registry(settings, workspace)
    crown(registry, adapters[0], night="2026-01-01")
    if plan.night_minutes:
        say("A night dreams beforehand ...")
        dream(out / "night", {"model": said["model"]})
    samples, swaps = Samples(), []
    turns: dict[str, list[list[dict[str, Any]]]] = defaultdict(list)
    loads: dict[str, list[float]] = defaultdict(list)
    folder = base_folder(settings.model)

    def turn(name: str, server: Server, seconds: float, *, users: int, meanwhile=lambda: False) -> None:
        log = out / "logs" / f"{name}-{len(turns[name])}.jsonl"
        called = str(folder) if name == "peer" else settings.registry.model_name
        load, began = Load(server, called, users=users, tokens=plan.tokens), time.time()
        turns[name].append(put_on(load, log, seconds=seconds, meanwhile=meanwhile))
        loads[name] += [value for _, value in samples.within(began, time.time(), "load")]

    with contextlib.ExitStack() as running:
        say("Starting slumber serve and transformers serve ...")
        ours = running.enter_context(served(out, params))
        peer = running.enter_context(_peer(folder, batching=plan.batching))
        running.enter_context(samples.taken())
        running.enter_context(samples.of("slumber", ours.process.pid))
        running.enter_context(samples.of("peer", peer.process.pid))
        half = 60 * plan.minutes / 2
        for name, server in (("warm-up", ours), ("peer", peer)):
            say(f"Warming up ({name}) ...")
            turn(name, server, max(half / 10, 3), users=plan.users)
        turns["peer"].clear()
        loads.clear()
        # The second swap brings the first adapter back, as a version of its own.
        for number, adapter in ((0, adapters[1]), (1, adapters[0])) if plan.minutes else ():
            say(f"Turn {number + 1} of 2: slumber, with a swap in its middle ...")
            swap = _Swap(ours, registry, adapter, f"2026-01-0{number + 2}", at=time.monotonic() + half / 2)
            turn("slumber", ours, half, users=plan.users, meanwhile=swap)
            swaps.append(swap.told())
            say(f"Turn {number + 1} of 2: transformers serve ...")
            turn("peer", peer, half, users=plan.users)
        swapped = swaps[0]["time"] if swaps else time.time()
        night = _beside_a_night(plan, out, turn, ours)
        memory = samples.within(swapped + half / 10, time.time(), "slumber")
    result: dict[str, Any] = {
        "setting": {
            **vars(plan),
            "machine": machine(),
            "torch": torch.__version__,
            "adapter_rank": settings.consolidate.rank,
        },
        "slumber": of_requests(turns["slumber"]),
        "peer": of_requests(turns["peer"]),
        "swaps": swaps,
        "memory": of_memory(memory),
        "night": {**night, "idle": of_requests(turns["idle"]), "training": of_requests(turns["training"])},
        "load_average": {f"load average, {name}": sum(got) / len(got) for name, got in loads.items() if got},
    }
    write_json(out / "load.json", result)
    write_json(out / "logs" / "samples.json", samples.rows)
    draw(result, out / "load", turns=turns, rows=samples.rows)
    for table in tables(result):
        Console(width=150).print(table)
    return result


class _Swap:
    """Lets another champion serve when its time has come, while users ask; called again and again."""

    def __init__(self, server: Server, registry: Any, adapter: Path, night: str, *, at: float):
        self._server, self._registry, self._adapter, self._night, self._at = server, registry, adapter, night, at
        self._version, self._crowned, self._serves = "", 0.0, 0.0

    def __call__(self) -> bool:
        if not self._crowned and time.monotonic() >= self._at:
            self._version, self._crowned = crown(self._registry, self._adapter, night=self._night), time.time()
        if self._crowned and not self._serves and str(self._server.health()["version"]) == self._version:
            self._serves = time.time()
        return False

    def told(self) -> dict[str, Any]:
        """When it was promoted, and how many seconds later it answered.

        Raises:
            SlumberError: it does not answer.
        """
        if not self._serves:
            self()
        if not self._serves:
            raise SlumberError("The load ended before the new champion answered: name more --minutes.")
        return {"version": self._version, "time": self._crowned, "seconds": self._serves - self._crowned}


def _beside_a_night(plan: Plan, out: Path, turn: Any, server: Server) -> dict[str, Any]:
    """Ask the server without a night, beside a training one, and without again."""
    if not plan.night_minutes:
        return {}
    seconds = 60 * plan.night_minutes
    say("Idle: a few users, no night ...")
    turn("idle", server, seconds / 2, users=plan.night_users)
    say("A night begins; it is waited for until it trains ...")
    with sleeping(out / "night") as night:
        night.until_it_trains()
        say("A night trains; a few users ask ...")
        nice: list[int] = []

        def over() -> bool:
            nice[:] = sorted({*nice, *night.nice}) if night.trains else nice
            return not night.trains

        began = time.time()
        turn("training", server, seconds, users=plan.night_users, meanwhile=over)
        trained = time.time() - began
    say("Idle again ...")
    turn("idle", server, seconds / 2, users=plan.night_users)
    return {"nice": nice, "seconds": trained}


@contextlib.contextmanager
def _peer(folder: Path, *, batching: bool) -> Iterator[Server]:
    """Run `transformers serve` on the same weights; it takes no adapters."""
    port = free_port()
    command = [str(Path(sys.executable).with_name("transformers")), "serve", str(folder), "--device", "cpu"]
    command += ["--dtype", "float32", "--host", "127.0.0.1", "--port", str(port), "--log-level", "error"]
    command += ["--continuous-batching"] if batching else []
    with answering(command, f"http://127.0.0.1:{port}") as server:
        yield server
