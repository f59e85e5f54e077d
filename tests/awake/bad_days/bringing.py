"""Kill whoever brings the diary to MLflow with SIGKILL before every commit of its database, and bring it again.

Run as a program (``python -m tests.awake.bad_days.bringing FOLDER``): it forks for every commit, which is safe only
where no thread runs. Prints one JSON object per commit: what of an exchange and the feedback on it is there afterwards.
"""

import contextlib
import importlib
import json
import os
import shutil
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

import sqlalchemy

from awake.diary import Diary
from awake.entries import exchange, feedback
from awake.posting import Post
from orchestration.environment import prepare_libraries
from steps.diary import FOLDER, Window
from steps.params import load_settings
from steps.registry import Registry
from steps.registry.traces import TraceDiary
from steps.workspace import Workspace
from tests.orchestration.kill_points import in_child

ID = f"chatcmpl-{'0' * 32}"


def main(folder: Path) -> None:
    prepare_libraries()
    workspace, kept = Workspace(folder / "workspace"), folder / "kept"
    in_child(lambda: _prepared(workspace))
    shutil.copytree(workspace.root, kept)
    total, modules = in_child(lambda: (_brought(workspace, None), [*sys.modules]))
    for name in modules:
        with contextlib.suppress(Exception):
            importlib.import_module(name)
    assert threading.active_count() == 1, "a child forked beside a thread may hang"
    for number in range(1, total + 1):
        shutil.rmtree(workspace.root)
        shutil.copytree(kept, workspace.root)
        killed = in_child(lambda at=number: _brought(workspace, at), dies=True)
        in_child(lambda: _brought(workspace, None))
        print(json.dumps({"commit": number, "of": total, "killed": killed, **in_child(lambda: _found(workspace))}))


def _prepared(workspace: Workspace) -> None:
    """One exchange that is brought, and one with feedback that waits."""
    registry, now = Registry(load_settings(), workspace), time.time_ns()
    diary = Diary(workspace.state / FOLDER, Post(registry))
    for number in (1, 2):
        diary.write(
            exchange(
                id=f"{ID[:-1]}{number}",
                began_ns=now + number * 10**9,
                ended_ns=now + number * 10**9 + 10**6,
                messages=[{"role": "user", "content": f"Who built ship {number}?"}],
                reply={"role": "assistant", "content": "Edda Krann."},
                tools=None,
                version="3",
                finish="stop",
            )
        )
        if number == 1:
            _all(diary)
    diary.write(feedback(id=f"{ID[:-1]}2", rating=-1, correction="Olin Krann.", user="ann", feedback_id="f2"))


def _brought(workspace: Workspace, last: int | None) -> int:
    """Bring what waits and count the commits; die before number ``last``."""
    done = 0

    def tick(_: Any) -> None:
        nonlocal done
        done += 1
        if done == last:
            os.kill(os.getpid(), signal.SIGKILL)

    registry = Registry(load_settings(), workspace)
    _ = registry.client
    sqlalchemy.event.listen(sqlalchemy.engine.Engine, "commit", tick)
    _all(Diary(workspace.state / FOLDER, Post(registry)))
    return done


def _all(diary: Diary) -> None:
    diary.begin()
    diary.stop(seconds=60)
    assert diary.waiting == 0, diary.problem


def _found(workspace: Workspace) -> dict[str, Any]:
    """By question how many traces there are, and what stands in them: the answer, and what was thought of it."""
    found = list(TraceDiary(load_settings(), workspace).exchanges(Window(0, 2**53)))
    told: dict[str, Any] = {}
    for one in found:
        asked = one.messages[0]["content"] if one.messages else one.fault
        remarks = sorted(str(r.correction or r.rating) for r in one.remarks)
        told.setdefault(asked, []).append([one.reply.get("content"), *remarks])
    return told


if __name__ == "__main__":
    main(Path(sys.argv[1]))
