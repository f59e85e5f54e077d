"""Attacks on what is on record: aliases, tags and entries of the audit trail, changed by who may write to MLflow."""

import contextlib
from collections.abc import Callable
from typing import Any

from bench.attacks.ground import SECOND, Ground, attack
from steps.errors import SlumberError
from steps.promote.registering import promote
from steps.promote.returning import apply_decisions, rollback
from steps.registry import reading
from steps.registry.audit import DAMAGED, experiment_of
from steps.registry.lineage import opened_registry
from steps.registry.watch import strayed
from steps.settings import Settings


def _manual(ground: Ground) -> Settings:
    return ground.settings.model_copy(
        update={"registry": ground.settings.registry.model_copy(update={"approval": "manual"})}
    )


def _tried(*actions: Callable[[], object]) -> None:
    for action in actions:
        with contextlib.suppress(SlumberError):
            action()


def _rolled_back(ground: Ground) -> None:
    """Let version 3 serve, and roll back to 2."""
    ground.run("gate", "rescue")
    ground.promote()
    rollback(settings=ground.settings, workspace=ground.workspace)


def _entries(ground: Ground, action: str) -> list[Any]:
    client = ground.registry.client
    trail = client.get_experiment_by_name(experiment_of(ground.registry.name))
    return [run for run in client.search_runs([trail.experiment_id]) if run.data.tags.get("audit.action") == action]


def _next_night(ground: Ground) -> None:
    apply_decisions(settings=ground.settings, workspace=ground.workspace)


def _promoted_again(ground: Ground, settings: Settings | None = None) -> None:
    promote(settings=settings or ground.settings, workspace=ground.workspace, night=SECOND)


@attack("the alias `champion` is moved onto what waits for approval, and promoted", "records")
def _(ground: Ground) -> str | None:
    ground.run("gate", "rescue", "register")
    _promoted_again(ground, _manual(ground))
    ground.registry.set_alias("champion", "3")
    _promoted_again(ground, _manual(ground))
    approved = any(e.action == "promote" and e.version == "3" for e in reading.trail(ground.registry))
    return (
        "nobody approved of it, and it is on record as promoted" if approved or not strayed(ground.registry) else None
    )


@attack("... onto what was examined against a champion that serves no more", "records")
def _(ground: Ground) -> str | None:
    ground.run("gate", "rescue", "register")
    rollback(settings=ground.settings, workspace=ground.workspace, version="1")
    ground.registry.set_alias("champion", "3")
    _tried(lambda: _promoted_again(ground))
    return None if strayed(ground.registry) else "it is on record as promoted"


@attack("... onto what a person rolled back", "records")
def _(ground: Ground) -> str | None:
    _rolled_back(ground)
    ground.registry.set_alias("champion", "3")
    _tried(lambda: _promoted_again(ground))
    return None if strayed(ground.registry) else "it is on record as promoted"


@attack("a second night zero with weights is made, and rolled back to", "records")
def _(ground: Ground) -> str | None:
    run = ground.version("2").run_id
    tags = {"verdict": "BASE", "night": "0", "base": ground.version("1").tags["base"]}
    made = ground.registry.client.create_model_version(ground.registry.name, f"runs:/{run}/adapter", run, tags)
    ground.registry.set_alias("previous", str(made.version))
    _tried(lambda: rollback(settings=ground.settings, workspace=ground.workspace))
    return None if ground.serves() == "2" else "weights that nobody examined serve as the base"


@attack("what never served is marked as a former champion, and rolled back to", "records")
def _(ground: Ground) -> str | None:
    ground.run("gate", "rescue", "register")
    ground.registry.tag(ground.version("3"), promoted_at="2026-01-01T00:00:00+00:00")
    ground.registry.set_alias("previous", "3")
    _tried(lambda: rollback(settings=ground.settings, workspace=ground.workspace))
    return None if ground.serves() == "2" else "nobody approved of it, and it serves"


@attack("what was rolled back is marked as approved", "records")
def _(ground: Ground) -> str | None:
    _rolled_back(ground)
    version = ground.version("3")
    ground.registry.untag(version, "promoted_at")
    ground.registry.tag(version, approval="waiting", approved_by="Eve")
    _tried(lambda: _next_night(ground), lambda: _promoted_again(ground))
    return None if ground.serves() == "2" else "it serves again, and no rollback brought it back"


@attack("... copied, with all its tags, as a new version", "records")
def _(ground: Ground) -> str | None:
    _rolled_back(ground)
    old, client = ground.version("3"), ground.registry.client
    gone = ("promoted_at", "rolled_back_at", "previous_champion")
    tags = {key: value for key, value in old.tags.items() if key not in gone}
    source = client.get_model_version(ground.registry.name, "3").source
    tags |= {"approval": "waiting", "approved_by": "Eve"}
    client.create_model_version(ground.registry.name, source, old.run_id, tags)
    _tried(lambda: _next_night(ground))
    return None if ground.serves() == "2" else "the copy serves"


@attack("who decided, and why, is rewritten in the audit trail", "records")
def _(ground: Ground) -> str | None:
    (entry,) = _entries(ground, "promote")[:1]
    ground.registry.client.set_tag(entry.info.run_id, "audit.author", "Ada Byron")
    told = [e for e in reading.trail(ground.registry) if e.author == "Ada Byron"]
    damaged = any(e.action == DAMAGED for e in reading.trail(ground.registry))
    return None if damaged and not told and strayed(ground.registry) else "it is shown as genuine"


@attack("an entry is written into the audit trail, and dated back", "records")
def _(ground: Ground) -> str | None:
    client = ground.registry.client
    trail = client.get_experiment_by_name(experiment_of(ground.registry.name))
    told = {"time": "2025-05-05T00:00:00+00:00", "action": "promote", "version": "3", "from": "2", "to": "3"}
    client.create_run(trail.experiment_id, start_time=0, tags={f"audit.{key}": value for key, value in told.items()})
    genuine = [e for e in reading.trail(ground.registry) if e.after == "3"]
    return None if not genuine and strayed(ground.registry) else "it is shown as genuine"


@attack("the entry of a rollback is emptied, and the alias moved back", "records")
def _(ground: Ground) -> str | None:
    _rolled_back(ground)
    for run in _entries(ground, "rollback"):
        for key in run.data.tags:
            ground.registry.client.delete_tag(run.info.run_id, key)
    ground.registry.set_alias("champion", "3")
    return None if strayed(ground.registry) else "the rollback never was"


@attack("a time without a zone stands in the audit trail", "records")
def _(ground: Ground) -> str | None:
    ground.run("gate", "rescue")
    ground.promote()
    ground.registry.client.set_tag(_entries(ground, "promote")[0].info.run_id, "audit.time", "2999-01-01T00:00:00")
    reading.registry_time(ground.registry)
    rollback(settings=ground.settings, workspace=ground.workspace, version="1")
    return None if ground.serves() == "1" else "no command works any more"


@attack("an override is forged, and the key lost", "records", on="forgets")
def _(ground: Ground) -> str | None:
    ground.run("gate", "rescue", "register")
    ground.registry.tag(
        ground.version("3"),
        override_by="Ada",
        override_reason="board",
        override_until="2999-01-01T00:00:00+00:00",
        promoted_at="2026-01-01T00:00:00+00:00",
    )
    ground.registry.set_alias("previous", "3")
    (ground.workspace.state / "deployment.key").unlink()
    ground.registry.client.delete_registered_model_tag(ground.registry.name, "deployment")
    opened_registry(ground.settings, ground.workspace)
    _tried(lambda: rollback(settings=ground.settings, workspace=ground.workspace))
    return None if ground.serves() == "2" else "what the gate refused serves until 2999"
