"""A room: what answers one tenant, or everybody, with its champion, diary, memory and watch."""

import time
from dataclasses import dataclass, field

from awake.admission import EVERYBODYS, Admission
from awake.champion import Champion
from awake.diary import Diary
from awake.posting import Post
from awake.recall import Recall
from awake.watch.watching import Tell, Watch
from steps.diary import FOLDER
from steps.registry import Registry
from steps.settings import Settings
from steps.tenants import made
from steps.workspace import Workspace


@dataclass
class Room:
    """What answers one tenant, or everybody (None). ``model``: the name that he calls it by.

    ``used``: requests that have not come to the engine yet, or are written down still. ``made``: of which tenant of
    that name.
    """

    tenant: str | None
    model: str
    champion: Champion
    diary: Diary
    recall: Recall | None
    watch: Watch | None = None
    workspace: Workspace | None = None
    made: tuple[int, int] | None = None
    used: int = 0
    asked: float = field(default_factory=time.monotonic)

    def number_of(self, name: str | None) -> str:
        """The number of a version in the registry, by its name in the engine; 0 is the base, or everybody's."""
        if self.tenant is None:
            return name or "0"
        own = f"{self.tenant}/"
        return name.removeprefix(own) if name and name.startswith(own) else "0"

    @property
    def gone(self) -> bool:
        """Whether the tenant was removed: nothing of him is written down any more, not even if there is a new one."""
        return self.workspace is not None and (self.made is None or made(self.workspace) != self.made)

    @property
    def problem(self) -> str | None:
        """What is wrong in it."""
        return (
            self.champion.serving.problem
            or self.diary.problem
            or (self.recall.problem if self.recall else None)
            or (self.watch.problem if self.watch else None)
        )


def furnished(
    settings: Settings, workspace: Workspace, engine: Admission, *, tell: Tell, tenant: str | None = None
) -> Room:
    """Return the room of a tenant, or of everybody (None), in which nobody has looked who is champion yet.

    Args:
        settings, workspace: his own.
        tell: is told of the end of a morning watch.
    """
    whose = made(workspace) if tenant else None  # before all else: if he is removed meanwhile, the room is gone
    registry = Registry(settings, workspace)
    watch = Watch(registry, settings, workspace, tell=tell)
    share, place = settings.serve.canary_share, tenant or EVERYBODYS
    champion = Champion(registry, engine, workspace, beside=watch.beside, share=share, place=place)
    diary, recall = Diary(workspace.state / FOLDER, Post(registry)), Recall(settings, workspace)
    model, own = settings.registry.model_name, workspace if tenant else None
    return Room(tenant, model, champion, diary, recall, watch, own, whose)
