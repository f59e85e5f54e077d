"""Kill a night with SIGKILL at many points of examination, verdict, registration and promotion, and run it again.

Then the same with a disk that is full from some point on. Run as a program (``python -m tests.orchestration.kill_points
FOLDER POINTS FULL``): it forks for every point, which is safe only where torch has not started threads. Prints one JSON
object per point.
"""

import contextlib
import errno
import importlib
import json
import os
import shutil
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("GOMP_SPINCOUNT", "20000")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import sqlalchemy
import torch

from bench.toy_model import ToyModel, asked, facts, make_toy_model, write_day
from orchestration.environment import prepare_libraries
from orchestration.lineage import RegistryLineage
from steps.consolidate.step import ConsolidateFigures, ConsolidateStep
from steps.errors import SlumberError, full_disk_told
from steps.lifecycle import step_of
from steps.night import Night, Told
from steps.registry import Registry, reading
from steps.registry.lineage import opened_registry
from steps.workspace import Workspace

FIRST, SECOND = "2026-01-01", "2026-01-02"
OLD, NEW = facts(("ship", "tower"), names=6), facts(("ford", "inn"), names=6)


def main(folder: Path, points: int, full: int) -> None:
    prepare_libraries()
    torch.set_num_threads(1)
    toy, workspace, kept = ToyModel(folder / "toy"), Workspace(folder / "workspace"), folder / "kept"
    in_child(lambda: _prepared(toy, workspace))
    shutil.copytree(workspace.root, kept)
    total, modules = in_child(lambda: (_counted(toy, workspace, None), [*sys.modules]))
    for name in modules:  # what a night imports takes seconds: here once, and not in every child
        with contextlib.suppress(Exception):
            importlib.import_module(name)
    assert threading.active_count() == 1, "a child forked beside a thread may hang"
    for number in _spread(points, total):
        _put_back(kept, workspace)
        killed = in_child(lambda at=number: _counted(toy, workspace, at), dies=True)
        found = in_child(lambda: _recovered(toy, workspace))
        print(json.dumps({"point": number, "of": total, "killed": killed, **found}), flush=True)
    for number in _spread(full, total):
        _put_back(kept, workspace)
        said = in_child(lambda at=number: _full(toy, workspace, at))
        found = in_child(lambda: _recovered(toy, workspace))
        print(json.dumps({"point": number, "of": total, "full": said, **found}), flush=True)


def _spread(points: int, total: int) -> list[int]:
    return sorted({round(1 + n * (total - 1) / (points - 1)) for n in range(points)})


def in_child(work: Callable[[], Any], *, dies: bool = False) -> Any:
    """Do ``work`` in a forked process; return what it returned, or with ``dies`` whether SIGKILL ended it."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.write(writing, json.dumps(work()).encode())
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    os.close(writing)
    with os.fdopen(reading, "rb") as stream:
        told = stream.read()
    status = os.waitpid(child, 0)[1]
    if dies:
        return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
    if status:
        raise SystemExit(f"A child failed with status {status}.")
    return json.loads(told)


def _prepared(toy: ToyModel, workspace: Workspace) -> None:
    """One good night serves; the candidate of the second is trained and waits for its examination."""
    make_toy_model(toy.folder)
    first = toy.adapter("first", [*asked(OLD), *toy.general])
    second = toy.adapter("second", [*asked(OLD), *asked(NEW), *toy.general], start=first)
    for night, told, adapter in ((FIRST, OLD, first), (SECOND, NEW, second)):
        write_day(workspace, night, told)
        folder = workspace.night_dir(night) / "adapter"
        shutil.copytree(adapter, folder)
        ConsolidateStep().vouch(Night.of(_settings(toy), workspace, night, lineage=Told()), ConsolidateFigures())
    _night(toy, workspace, FIRST)


def _night(toy: ToyModel, workspace: Workspace, night: str) -> None:
    """Everything after training, as the assets of a night do it."""
    settings = _settings(toy)
    opened_registry(settings, workspace)
    tonight = Night.of(settings, workspace, night, lineage=RegistryLineage())
    for step in ("examine", "gate", "rescue", "register", "promote"):
        step_of(step).run(tonight)


def _settings(toy: ToyModel):
    """The bounds need more items than a test has time for: what is tested here is that nothing is lost."""
    settings = toy.settings
    loose = {"epsilon_anchors": 0.5, "epsilon_night_zero": 0.5, "epsilon_cohorts": 0.5, "min_anchors": 10}
    return settings.model_copy(update={"gate": settings.gate.model_copy(update=loose)})


def _counted(toy: ToyModel, workspace: Workspace, last: int | None) -> int:
    """Run the second night and count what it does to files and databases; die before number ``last``."""
    done = 0

    def tick(_: str) -> None:
        nonlocal done
        done += 1
        if done == last:
            os.kill(os.getpid(), signal.SIGKILL)

    _listen(workspace, tick)
    _night(toy, workspace, SECOND)
    return done


def _full(toy: ToyModel, workspace: Workspace, first: int) -> str:
    """Run the second night on a disk that is full from change number ``first`` on; return what it failed with."""
    done = 0

    def tick(what: str) -> None:
        nonlocal done
        done += 1
        if done >= first and what == "commit":
            raise sqlalchemy.exc.OperationalError("COMMIT", {}, Exception("database or disk is full"))
        if done >= first:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    _listen(workspace, tick)
    try:
        with full_disk_told():  # as every command and every run does it
            _night(toy, workspace, SECOND)
    except SlumberError as error:
        return str(error)
    except Exception as error:
        return f"no sentence, {type(error).__name__}: {error}"
    return "nothing"


def _listen(workspace: Workspace, tick: Callable[[str], None]) -> None:
    """Call ``tick`` before every change of a file in ``workspace`` and every commit of a database."""

    def heard(event: str, args: tuple) -> None:
        if event == "os.rename" or (event == "open" and _writes(*args[:2], below=workspace.root)):
            tick(event)

    sys.addaudithook(heard)
    sqlalchemy.event.listen(sqlalchemy.engine.Engine, "commit", lambda _: tick("commit"))


def _recovered(toy: ToyModel, workspace: Workspace) -> dict[str, object]:
    """Who serves after the kill, and after the night was run again."""
    meanwhile = _state(toy, workspace)
    _night(toy, workspace, SECOND)
    return {"meanwhile": meanwhile, "after": _state(toy, workspace)}


def _writes(path: object, mode: object, *, below: Path) -> bool:
    return isinstance(mode, str) and bool(set(mode) & set("wax+")) and str(path).startswith(str(below))


def _put_back(kept: Path, workspace: Workspace) -> None:
    """MLflow's artifact addresses are absolute, so the workspace comes back to the same place."""
    shutil.rmtree(workspace.root)
    shutil.copytree(kept, workspace.root)


def _state(toy: ToyModel, workspace: Workspace) -> dict[str, object]:
    """Who serves, and whether its adapter is what was registered."""
    registry = Registry(_settings(toy), workspace)
    champion = reading.champion(registry)
    assert champion is not None
    return {
        "night": champion.night,
        "intact": reading.intact(registry, champion),
        "champions": sum("champion" in version.aliases for version in reading.history(registry)),
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
