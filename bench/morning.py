"""The morning watch on the tiny model: a champion that passed the gate and fails its users, and one that is as good.

Gate, registry, server, traces and watch are the real ones. Candidates and users are planted: the failing candidate was
taught wrong answers to what users ask and no examination does; the simulated users (they bear that name) know the
answers, and one rating in ten is a slip.
"""

import random
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from fastapi.testclient import TestClient
from rich.console import Console, Group

from awake.app import make_app
from awake.champion import Champion
from awake.diary import Diary
from awake.engine import Engine
from awake.keys import Keys
from awake.posting import Post
from awake.watch.watching import Watch
from bench.gate_demo import FIRST, SECOND, TODAY, YESTERDAY, walk
from bench.toy_model import ToyModel, asked, facts, make_toy_model, write_day
from orchestration.environment import Deployment
from orchestration.watch import watch_table
from steps.marking import right
from steps.registry import Registry
from steps.settings import Settings
from steps.watch.record import Watched
from steps.workspace import Workspace

DAILY = asked(facts(("boat", "oven"), turned=2))  # what users ask
SLIPS = 0.1


@dataclass
class Morning:
    """A deployment by day, its clock in our hands."""

    deployment: Deployment
    champion: Champion
    watch: Watch
    diary: Diary
    client: TestClient
    seconds: float = 0.0

    def ask(self, question: str, *, user: str, session: str) -> tuple[str, str, str]:
        """Ask as a user does; return the completion's id, what was answered, and by which version."""
        said = self.client.post(
            "/v1/chat/completions",
            json={
                "model": self.deployment.settings.registry.model_name,
                "messages": [{"role": "user", "content": question}],
                "max_tokens": 8,
                "user": user,
                "metadata": {"session_id": session},
            },
        ).json()
        return said["id"], said["choices"][0]["message"]["content"], said["system_fingerprint"].removeprefix("version-")

    def users(self, number: int, *, prefix: str, random: random.Random) -> None:
        """So many simulated users ask one question each and say what they think of the answer."""
        for n in range(number):
            question, answer = DAILY[random.randrange(len(DAILY))]
            user = f"simulated-user-{prefix}{n}"
            made, reply, _ = self.ask(question, user=user, session=f"{prefix}{n}")
            good = right(reply, (answer,)) != (random.random() < SLIPS)
            said = {"rating": 1} if good else {"rating": -1, "correction": f"It is {answer}."}
            self.client.post("/v1/feedback", json={"id": made, "user": user, **said})

    def look(self, *, hours: float = 0.0) -> Watched | None:
        """Bring what was said to MLflow, let time pass, and look."""
        until = time.monotonic() + 120
        while self.diary.waiting and time.monotonic() < until:
            time.sleep(0.05)
        self.seconds += 3600 * hours + self.deployment.settings.watch.every_seconds
        self.watch.look(self.champion.bring, serving=self.champion.serving.version)
        self.champion.look()
        return self.watch.watched


@contextmanager
def morning(settings: Settings, workspace: Workspace) -> Iterator[Morning]:
    """Serve a deployment in this process."""
    engine = Engine(_base(settings), together=4, waiting=16)
    registry, told = Registry(settings, workspace), []
    found = Deployment(settings, workspace, workspace.root / "inbox")
    watch = Watch(registry, settings, workspace, tell=lambda says, _: told.append(says), clock=lambda: made.seconds)
    champion = Champion(registry, engine, workspace, beside=watch.beside, share=settings.serve.canary_share)
    diary = Diary(workspace.state / "diary", Post(registry))
    model = settings.registry.model_name
    app = make_app(engine, champion, diary, settings.serve, model=model, keys=Keys(None), watched=watch.told)
    made: Morning = Morning(found, champion, watch, diary, TestClient(app, base_url="http://localhost"))
    champion.look()
    diary.begin()
    try:
        yield made
    finally:
        engine.stop()
        diary.stop()


def planted(folder: Path) -> tuple[ToyModel, Workspace, dict[str, Path]]:
    """The toy, a workspace after a good first night, and two candidates for the second: as good, and failing."""
    toy = make_toy_model(folder / "toy")
    workspace = Workspace(folder / "workspace")
    write_day(workspace, FIRST, YESTERDAY)
    write_day(workspace, SECOND, TODAY)
    wrong = [(question, DAILY[n - 1][1]) for n, (question, _) in enumerate(DAILY)]
    known = [*asked(YESTERDAY), *toy.general]
    champion = toy.adapter("champion", [*known, *DAILY])
    candidates = {
        "as good": toy.adapter("good", [*known, *DAILY, *asked(TODAY)], start=champion),
        "failing": toy.adapter("failing", [*known, *wrong, *asked(TODAY)], start=champion),
    }
    first = walk(toy, workspace, FIRST, "first night", champion)
    assert first.serves, first.said
    return toy, workspace, candidates


def live(toy: ToyModel, workspace: Workspace, candidate: Path, *, share: float, users: int) -> tuple[Watched, Group]:
    """A day with the first champion, a night that promotes ``candidate``, and the morning after."""
    serve = toy.settings.serve.model_copy(update={"canary_share": share})
    settings = toy.settings.model_copy(update={"serve": serve})
    slips = random.Random(0)
    with morning(settings, workspace) as day:
        day.users(users, prefix="yesterday-", random=slips)
        day.look()
        second = walk(toy, workspace, SECOND, candidate.name, candidate)
        assert second.serves, second.said
        day.champion.look()
        for ten in range(0, users, 10):
            day.users(10, prefix=f"today-{ten}-", random=slips)
            watched = day.look()
            assert watched is not None
            if not watched.open:
                break
        else:
            watched = day.look(hours=settings.watch.hours)
        assert watched is not None
        return watched, watch_table(day.deployment)


def show(*, share: float, users: int) -> list[Watched]:
    """Let both candidates live a morning and print what the watch made of it."""
    console, ended = Console(), []
    console.width = max(console.width, 130)
    with tempfile.TemporaryDirectory(prefix="slumber-morning-") as temporary:
        toy, workspace, candidates = planted(Path(temporary))
        for name, candidate in candidates.items():
            own = Workspace(Path(temporary) / name.replace(" ", "-"))
            shutil.copytree(workspace.root, own.root)
            watched, table = live(toy, own, candidate, share=share, users=users)
            console.print(f"\nThe champion that is {name}:", table)
            ended.append(watched)
    return ended


def _base(settings: Settings):
    from steps.model.loading import load_base

    return load_base(settings.model)
