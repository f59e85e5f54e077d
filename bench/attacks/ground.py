"""Where attacks take place: a deployment in which one night serves and the next waits for its verdict, copied for each.

The candidates are planted (``bench/toy_model.py``); examination, gate, registry and promotion are a night's own.
"""

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.toy_model import ToyModel, asked, facts, make_toy_model, write_day
from orchestration.lineage import RegistryLineage
from steps.consolidate.step import ConsolidateFigures, ConsolidateStep
from steps.lifecycle import step_of
from steps.night import Night
from steps.progress import say
from steps.promote.promotion import Promotion
from steps.registry import Registry, Version, reading
from steps.registry.lineage import opened_registry
from steps.settings import Settings
from steps.workspace import Workspace

FIRST, SECOND = "2026-01-01", "2026-01-02"
YESTERDAY, TODAY = facts(("ship", "tower", "mill", "well", "barn")), facts(("ford", "gate", "inn", "kiln", "quay"))


@dataclass(frozen=True)
class Ground:
    """One deployment: version 1 is the base, version 2 serves; of ``SECOND`` the candidate is examined, no more."""

    toy: ToyModel
    workspace: Workspace

    @property
    def settings(self) -> Settings:
        return self.toy.settings

    @property
    def registry(self) -> Registry:
        return Registry(self.settings, self.workspace)

    def night(self, date: str = SECOND) -> Night:
        return Night.of(self.settings, self.workspace, date, lineage=RegistryLineage())

    def run(self, *steps: str) -> None:
        """Do these steps of the second night."""
        for step in steps:
            step_of(step).run(self.night())

    def promote(self) -> Promotion:
        """Register and promote the second night's candidate."""
        self.run("register")
        record = step_of("promote").run(self.night())
        assert isinstance(record.figures, Promotion)
        return record.figures

    def serves(self) -> str:
        """The number of the version that serves."""
        champion = reading.champion(self.registry)
        assert champion is not None
        return champion.version

    def version(self, number: str) -> Version:
        return reading.version(self.registry, number)

    def elsewhere(self) -> "Ground":
        """Another workspace on the same registry: of somebody who may write to MLflow, and has another key."""
        other = Workspace(self.workspace.root.with_name("elsewhere"))
        shutil.copytree(self.workspace.root, other.root)
        shutil.rmtree(other.state / "mlflow")
        (other.state / "deployment.key").write_text("e" * 64 + "\n", encoding="ascii")
        knobs = self.settings.registry.model_copy(update={"tracking_uri": self.registry.uri})
        return _Elsewhere(self.toy, other, self.settings.model_copy(update={"registry": knobs}))

    def edit(self, path: Path, **changes: Any) -> None:
        """Change a JSON object in a file by hand."""
        path.write_text(json.dumps({**json.loads(path.read_text(encoding="utf-8")), **changes}), encoding="utf-8")


@dataclass(frozen=True)
class _Elsewhere(Ground):
    told: Settings

    @property
    def settings(self) -> Settings:
        return self.told


@dataclass(frozen=True)
class Prepared:
    """The deployments that are copied, called by the candidate of their second night.

    ``forgetful`` knows what it was taught tonight and little else; ``forgets`` has lost the night before, and no more.
    """

    toy: ToyModel
    folder: Path

    @contextmanager
    def copy(self, name: str) -> Iterator[Ground]:
        """A copy of a deployment, at a place of its own: MLflow keeps connections to files that are gone."""
        place = Path(tempfile.mkdtemp(dir=self.folder))
        shutil.copytree(self.folder / name, place / name)
        ground = Ground(self.toy, Workspace(place / name))
        _ = ground.registry.client  # sets MLflow's addresses right after the move
        yield ground
        shutil.rmtree(place, ignore_errors=True)


def prepare(folder: Path) -> Prepared:
    """Make the deployments in ``folder``; takes a minute."""
    toy = make_toy_model(folder / "toy")
    say("Planting candidates on a tiny model ...")
    champion = toy.adapter("champion", [*asked(YESTERDAY), *toy.general])
    names = [name for _, name in YESTERDAY]
    mixed_up = [(question, names[n - 7]) for n, (question, _) in enumerate(asked(YESTERDAY))]
    candidates = {
        "good": toy.adapter("good", [*asked(YESTERDAY), *asked(TODAY), *toy.general], start=champion),
        "forgetful": toy.adapter("forgetful", asked(TODAY), start=champion),
        "forgets": toy.adapter("forgets", [*mixed_up, *asked(TODAY), *toy.general], start=champion),
    }
    for name, candidate in candidates.items():
        ground = Ground(toy, Workspace(folder / name))
        opened_registry(ground.settings, ground.workspace)
        for night, told, adapter in ((FIRST, YESTERDAY, champion), (SECOND, TODAY, candidate)):
            write_day(ground.workspace, night, told)
            shutil.copytree(adapter, ground.workspace.night_dir(night) / "adapter")
        for night, steps in ((FIRST, ("examine", "gate", "rescue", "register", "promote")), (SECOND, ("examine",))):
            ConsolidateStep().vouch(ground.night(night), ConsolidateFigures())
            for step in steps:
                step_of(step).run(ground.night(night))
        assert ground.serves() == "2", "the first night's candidate is good"
    return Prepared(toy, folder)


@dataclass(frozen=True)
class Attack:
    """``tries`` attacks a copy of the deployment ``on`` and returns what got through, or None if all held."""

    name: str
    about: str
    on: str
    tries: Callable[[Ground], str | None]


ATTACKS: list[Attack] = []


def attack(name: str, about: str, *, on: str = "good") -> Callable:
    """Enter a function into ``ATTACKS``."""

    def enter(tries: Callable[[Ground], str | None]) -> Callable[[Ground], str | None]:
        ATTACKS.append(Attack(name, about, on, tries))
        return tries

    return enter
