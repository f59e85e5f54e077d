"""`slumber serve`: the champion answers until Ctrl-C."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

from awake.admission import Admission
from awake.app import make_app
from awake.engine import Engine
from awake.keys import Keys
from awake.room import furnished
from awake.rooms import Rooms
from steps.addresses import LOOPBACK
from steps.errors import SlumberError
from steps.model.loading import base_folder, load_base
from steps.settings import Settings
from steps.structured import is_asked
from steps.tenants import has_tenants
from steps.watch.record import Watched
from steps.workspace import Workspace, held_alone


def serve(
    settings: Settings,
    workspace: Workspace,
    *,
    say: Callable[[str], None],
    alarm: Callable[[str, str], None] = lambda night, says: None,
) -> None:
    """Load the base and the champion, answer requests, and finish those that run when it is told to stop.

    ``alarm``: is told of a champion that the morning watch withdrew: its night, and why.

    Raises:
        SlumberError: it would answer strangers without asking for keys, another one answers from this workspace, the
            port is taken, or the model is missing.
    """
    keys = Keys(settings.keys)
    if settings.keys is not None and not keys:
        raise SlumberError(f"{settings.keys} has no API keys: make one with `slumber key NAME`, or unset serve.keys.")
    knobs = settings.serve
    if not {knobs.host, f"[{knobs.host}]"} & {*LOOPBACK} and not keys:
        raise SlumberError(
            f"serve.host is {knobs.host}, where others can reach it, and there are no API keys: make some with "
            "`slumber key NAME` and name the file in serve.keys."
        )
    with _alone(workspace):
        _serve(settings, workspace, keys, say=say, alarm=alarm)


@contextmanager
def _alone(workspace: Workspace) -> Iterator[None]:
    """Hold the workspace's days: two servers would bring each other's diary, and clear each other's adapters away."""
    refused = SlumberError(f"Another `slumber serve` answers from {workspace.root}: stop it first.")
    with held_alone(workspace.state / "serve.lock", lambda: refused):
        yield


def engine_of(settings: Settings, workspace: Workspace, *, of_one: Callable[[], int | None]) -> Admission:
    """What computes the answers: a base in this process, or the vLLM server that ``serve.vllm`` names.

    Raises:
        SlumberError: the model is missing, or vLLM.
    """
    knobs = settings.serve
    if knobs.vllm is not None:
        from awake.vllm import VllmEngine

        return VllmEngine(settings, workspace.state / "vllm", base_folder(settings.model), of_one=of_one)
    return Engine(load_base(settings.model), together=knobs.together, waiting=knobs.queue, of_one=of_one)


def _serve(
    settings: Settings,
    workspace: Workspace,
    keys: Keys,
    *,
    say: Callable[[str], None],
    alarm: Callable[[str, str], None],
) -> None:
    knobs = settings.serve

    def of_one() -> int | None:
        """Asked with each request: a tenant may be added while the server runs."""
        return max(1, knobs.queue // 2) if has_tenants(workspace) else None

    engine = engine_of(settings, workspace, of_one=of_one)

    def ended(says: str, watched: Watched) -> None:
        say(says)
        if watched.state in ("withdrawn", "stuck"):
            alarm(watched.night, says)

    def ended_of(tenant: str, says: str, watched: Watched) -> None:
        ended(f"{tenant}: {says}", watched)

    room = furnished(settings, workspace, engine, tell=ended)
    champion, diary, recall, watch = room.champion, room.diary, room.recall, room.watch
    assert recall is not None and watch is not None  # as every room that is furnished
    recall.begin()
    serving = champion.look()
    if serving.problem:
        say(f"Beware: {serving.problem}")
    sharing = sum(owner.tenant is None for owner in keys.owners)
    if sharing > 1:
        say(
            f"Beware: {sharing} owners of keys share one champion: what users of one correct is learned for all "
            "(`slumber tenants add NAME` gives one a champion of his own)."
        )
    rooms = Rooms(settings, workspace, engine, tell=ended_of, say=say)
    say(f"Version {serving.version} answers at http://{knobs.host}:{knobs.port}/v1 as {room.model!r}; Ctrl-C stops it.")
    said = [serving.version]

    def looked() -> None:
        if champion.serving.version != said[-1]:
            said[:] = [champion.serving.version]
            say(champion.serving.told())
        watch.look(champion.bring, serving=champion.serving.version)

    champion.follow(seconds=knobs.poll_seconds, then=looked)
    diary.begin()
    rooms.follow(seconds=knobs.poll_seconds)
    app = make_app(
        engine, champion, diary, knobs, model=room.model, keys=keys, recall=recall, watched=watch.told, tenants=rooms
    )
    try:
        # Without a configuration of its own its log goes where all goes, as lines for programs.
        own: dict[str, Any] = {"log_config": None} if is_asked() else {"log_level": "warning"}
        uvicorn.run(app, host=knobs.host, port=knobs.port, timeout_graceful_shutdown=30, **own)
    finally:
        champion.stop()
        engine.stop()
        rooms.stop()
        diary.stop()
