"""Tenants who are awake: each has a room with champion, diary, memory and watch, opened when his key first asks.

So many rooms are open at once as the settings let be (``serve.adapters``); the one that was asked longest ago makes
way, unless something is being answered in it. What of a closed room's diary is not in MLflow yet opens it again.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from awake.admission import Admission
from awake.diary import Diary
from awake.room import Room, furnished
from steps.diary import FOLDER, waiting_entries
from steps.errors import SlumberError
from steps.registry import Registry, reading
from steps.settings import Settings
from steps.tenants import is_tenant, tenant_settings, tenant_workspace, tenants_of
from steps.watch.record import Watched
from steps.workspace import Workspace

_BRING_SECONDS = 2.0  # to MLflow, of what was said in a room that makes way
_ALL = "all tenants"  # which is nobody's name
Tell = Callable[[str, str, Watched], None]


class TooMany(SlumberError):
    """All rooms are in use."""


class NotOpened(SlumberError):
    """A room cannot be opened. Why names files and addresses of the server: who runs it is told, and no tenant."""

    def __init__(self) -> None:
        super().__init__("What answers you cannot be opened at the moment: try again soon.")


class Rooms:
    """Opens and closes rooms.

    Args:
        tell: is told of the end of a tenant's morning watch: the tenant, a sentence, and what was watched.
        say: is told what is wrong with a tenant's room.
    """

    def __init__(
        self,
        settings: Settings,
        workspace: Workspace,
        engine: Admission,
        *,
        tell: Tell,
        say: Callable[[str], None] = lambda line: None,
    ):
        self._say, self._said = say, dict[str, str | None]()
        self._settings, self._workspace, self._engine, self._tell = settings, workspace, engine, tell
        self._most = settings.serve.adapters
        self._lock = threading.Lock()  # of the two tables
        self._opening = 0
        self._open: OrderedDict[str, Room] = OrderedDict()  # the one that was asked longest ago first
        self._doors: dict[str, threading.Lock] = {}  # one opens a room, others wait for it
        self._closed: OrderedDict[str, Diary | None] = OrderedDict(
            (name, None) for name in tenants_of(workspace) if self._waits(name)
        )
        self._stopped = threading.Event()

    def knows(self, tenant: str) -> bool:
        """Whether there is such a tenant."""
        return is_tenant(self._workspace, tenant)

    def model_of(self, tenant: str) -> str:
        """The name that a tenant calls his model by."""
        return f"{self._settings.registry.model_name}.{tenant}"

    def told(self) -> dict[str, int]:
        """What ``/health`` says, without anybody's name."""
        return {"awake": len(self._open), "adapters": self._engine.adapters}

    @property
    def waiting(self) -> int:
        """How many entries of tenants who are awake are not in MLflow yet."""
        with self._lock:
            rooms = list(self._open.values())
        return sum(room.diary.waiting for room in rooms)

    @property
    def problem(self) -> str | None:
        """Of how many tenants something is wrong; what it is stands in their own rooms alone."""
        with self._lock:
            rooms = list(self._open.values())
        ill = sum(room.problem is not None for room in rooms)
        return f"Something is wrong with {ill} of {len(rooms)} tenants who are awake." if ill else None

    def _say_problems(self, rooms: list[Room]) -> None:
        """Tell whoever runs the server what is wrong with whom, once."""
        for room in rooms:
            assert room.tenant is not None
            self._tell_once(room.tenant, room.problem)

    def _tell_once(self, tenant: str, problem: str | None) -> None:
        if problem != self._said.get(tenant):
            self._said[tenant] = problem
            self._say(f"{tenant}: {problem or 'all is well again.'}")

    def enter(self, tenant: str) -> Room:
        """Return the tenant's room, opened if need be; it stays open until ``leave``, and while the engine answers him.

        Raises:
            TooMany: all rooms are in use, and none can make way.
            NotOpened: it cannot be opened.
        """
        with self._lock:
            before = self._open.get(tenant)
        if before is not None and before.gone:
            self._close(tenant, seconds=0.0)
        with self._door(tenant):
            with self._lock:
                room = self._open.get(tenant)
                if room is not None:
                    return self._entered(room)
            self._make_way()
            try:
                room = self._opened(tenant)
                with self._lock:
                    self._open[tenant] = room
                    return self._entered(room)
            except Exception as error:  # whatever it is, who runs the server is told of it, and no tenant
                self._engine.close(tenant)
                self._tell_once(tenant, _says(error))
                raise NotOpened from error
            finally:
                with self._lock:
                    self._opening -= 1

    def leave(self, room: Room) -> None:
        """Note that a request has come to the engine, or is written down: the room may be closed again."""
        with self._lock:
            room.used -= 1

    def follow(self, *, seconds: float) -> threading.Thread:
        """Look after all rooms every so many seconds, in a thread of its own, until ``stop``."""

        def run() -> None:
            while not self._stopped.wait(seconds):
                try:
                    self.look()
                    self._tell_once(_ALL, None)
                except Exception as error:  # whatever it is, the next look may find it mended
                    self._tell_once(_ALL, f"nobody looks after their rooms ({_says(error)})")

        thread = threading.Thread(target=run, name="rooms", daemon=True)
        thread.start()
        return thread

    def look(self) -> None:
        """Look in every room who is champion, close those of tenants who are gone, and open what has to be brought."""
        with self._lock:
            rooms = list(self._open.values())
        for room in rooms:
            assert room.tenant is not None
            if room.gone:
                self._close(room.tenant, seconds=0.0)
                continue
            self._look_into(room)
        self._say_problems(rooms)
        for tenant in [name for name in list(self._closed) if not self._waits(name)]:
            self._closed.pop(tenant, None)
        waiting = next(iter(list(self._closed)), None)
        if waiting is None or not self._is_mlflow_there(rooms):
            return
        try:
            self.leave(self.enter(waiting))
        except SlumberError:  # which is told; another one's turn is next
            with suppress(KeyError):
                self._closed.move_to_end(waiting)

    def stop(self) -> None:
        """Close all rooms; what is not in MLflow by then waits on disk."""
        self._stopped.set()
        for tenant in list(self._open):
            self._close(tenant, seconds=10.0)

    def _look_into(self, room: Room) -> None:
        """Look in one room; what is wrong there keeps nobody else waiting."""
        assert room.tenant is not None
        try:
            room.champion.look()
            if room.watch:
                room.watch.look(room.champion.bring, serving=room.champion.serving.version)
        except SlumberError:  # it says so itself
            pass
        except Exception as error:
            room.champion.failed(error)
        if self._open.get(room.tenant) is room:
            return
        with self._door(room.tenant):  # it made way meanwhile: what was loaded for it goes, too
            if room.tenant not in self._open:
                self._engine.close(room.tenant)

    def _is_mlflow_there(self, rooms: list[Room]) -> bool:
        """Whether it is, as far as is known: what one tenant cannot bring need not be MLflow's fault."""
        if all(room.diary.problem is None for room in rooms):
            return True
        with suppress(SlumberError):
            reading.whole(Registry(self._settings, self._workspace))
            return True
        return False

    def _entered(self, room: Room) -> Room:
        assert room.tenant is not None
        room.used += 1
        room.asked = time.monotonic()
        self._open.move_to_end(room.tenant)
        return room

    def _make_way(self) -> None:
        """Close rooms until there is space for one more, and keep that."""
        while True:
            with self._lock:
                if len(self._open) + self._opening < self._most:
                    self._opening += 1
                    return
                idle = [name for name, room in self._open.items() if self._is_idle(room)]
            if not idle:
                raise TooMany(
                    f"{self._most} tenants are being answered, as many as serve.adapters allows: try again soon."
                )
            self._close(idle[0], seconds=_BRING_SECONDS, if_idle=True)

    def _is_idle(self, room: Room) -> bool:
        return not room.used and not self._engine.works_for(room.tenant)

    def _door(self, tenant: str) -> threading.Lock:
        """One at a time opens or closes a room. Whoever waits for another's door opens one that is not open."""
        with self._lock:
            return self._doors.setdefault(tenant, threading.Lock())

    def _close(self, tenant: str, *, seconds: float, if_idle: bool = False) -> None:
        """Close a room; in so many seconds what was said is brought, the rest waits until there is room again."""
        with self._door(tenant):
            with self._lock:
                room = self._open.get(tenant)
                if room is None or (if_idle and not self._is_idle(room)):
                    return
                del self._open[tenant]
            room.champion.stop()
            self._engine.close(tenant)
            room.diary.stop(seconds=seconds)
            self._closed[tenant] = room.diary

    def _opened(self, tenant: str) -> Room:
        before = self._closed.get(tenant)
        if before is not None and before.at_work:  # two would bring the same entries
            raise SlumberError("What was said before is being written down still: try again in a moment.")
        workspace = tenant_workspace(self._workspace, tenant)
        settings = tenant_settings(self._settings, self._workspace, tenant)
        room = furnished(settings, workspace, self._engine, tell=partial(self._tell, tenant), tenant=tenant)
        room.champion.look()
        room.diary.begin()
        self._closed.pop(tenant, None)
        return room

    def _waits(self, tenant: str) -> bool:
        with suppress(SlumberError, OSError):
            return bool(waiting_entries(tenant_workspace(self._workspace, tenant).state / FOLDER))
        return False


def _says(error: Exception) -> str:
    return str(error) if isinstance(error, SlumberError) else f"{type(error).__name__}: {error}"
