"""The night: what every step is given. It says where things lie and what served before; the steps do the rest."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple, Protocol

from steps.checkpoint import AdapterCheckpoint
from steps.diary import Diary
from steps.errors import SlumberError
from steps.forget.request import Request, pending
from steps.settings import Settings
from steps.workspace import DEEP, Workspace, check_night


class Key(NamedTuple):
    """Which night: its date, and whose it is (tenant "" is everybody's)."""

    date: str
    tenant: str = ""


class Lineage(Protocol):
    """Who served before a night. The registry knows (``steps.registry.lineage``); a test or a benchmark may say so."""

    def start(self, night: "Night") -> AdapterCheckpoint | None:
        """The champion that training goes on from; None is the base."""

    def champion(self, night: "Night") -> AdapterCheckpoint | None:
        """The champion that the candidate is compared with; None is the base."""

    def held(self, night: "Night") -> tuple[str, ...]:
        """Nights whose lessons are held for review and not learned."""


@dataclass(frozen=True)
class Told:
    """A lineage that is told, not looked up."""

    begins_with: AdapterCheckpoint | None = None
    serves: AdapterCheckpoint | None = None
    holds: tuple[str, ...] = ()

    def start(self, night: "Night") -> AdapterCheckpoint | None:
        return self.begins_with

    def champion(self, night: "Night") -> AdapterCheckpoint | None:
        return self.serves

    def held(self, night: "Night") -> tuple[str, ...]:
        return self.holds


@dataclass(frozen=True)
class Night:
    """One night of one deployment.

    ``inbox``: the day's material; only ingest needs it, and the ``diary``: what was said by day, if there is one.
    ``lineage``: who served before; training and examination refuse without one, for to take the base for the champion
    would open the gate. ``run_id``: of the Dagster run, if any. ``still_ours``: raises NightRunning when another
    machine has taken over; None where there is but one.
    """

    settings: Settings
    workspace: Workspace
    key: Key
    inbox: Path | None = None
    lineage: Lineage | None = None
    diary: Diary | None = None
    run_id: str | None = None
    still_ours: Callable[[], None] | None = None

    @classmethod
    def of(cls, settings: Settings, workspace: Workspace, date: str, *, tenant: str = "", **more) -> "Night":
        """The night of everybody on ``date``, or of a tenant, whose settings and workspace those are then.

        Raises:
            SlumberError: it is no date.
        """
        return cls(settings, workspace, Key(check_night(date), tenant), **more)

    @property
    def date(self) -> str:
        return self.key.date

    @property
    def folder(self) -> Path:
        """Where its work lies: adapter, examination, verdict, report."""
        return self.workspace.night_dir(self.date)

    def dataset(self, name: str) -> Path:
        """The night's file of a dataset."""
        return self.workspace.dataset(name, self.date)

    def datasets(self, *names: str, tonight: bool = True) -> list[Path]:
        """The files of these datasets of all nights so far, oldest first, with or without tonight's."""
        return [self.workspace.dataset(name, n) for n in self.nights(names[0], tonight=tonight) for name in names]

    def nights(self, name: str, *, tonight: bool = True) -> list[str]:
        """Nights up to this one that have a file in dataset ``name``, oldest first, with or without tonight."""
        return [n for n in self.workspace.nights(name) if n < self.date or (tonight and n == self.date)]

    @cached_property
    def forgetting(self) -> Request | None:
        """The request to forget for which this night's candidate is built again, if one is under way."""
        request = pending(self.workspace)
        return request if request and request.night == self.date else None

    @property
    def deep(self) -> bool:
        """Whether this is a deep sleep: nothing new is met, all that still holds is learned again from the start."""
        return self.workspace.work == DEEP

    @property
    def rebuilds(self) -> bool:
        """Whether the candidate is built again and learns nothing new, so that the gate asks what it kept."""
        return self.deep or self.forgetting is not None

    @cached_property
    def start(self) -> AdapterCheckpoint | None:
        """What training goes on from; None is the base. To forget, that has not met what is to be forgotten."""
        return self._lineage.start(self)

    @cached_property
    def champion(self) -> AdapterCheckpoint | None:
        """What the candidate is compared with; None is the base."""
        return self._lineage.champion(self)

    @cached_property
    def held(self) -> tuple[str, ...]:
        """Nights whose lessons are held for review since the morning watch withdrew what had learned them."""
        return self._lineage.held(self)

    @property
    def _lineage(self) -> Lineage:
        if self.lineage is None:
            raise SlumberError(f"Night {self.date} was not told who served before: run it with `slumber night`.")
        return self.lineage
