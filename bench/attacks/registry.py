"""Attacks on who serves: forged evidence, a moved champion, strangers and damage, the end of an override."""

import contextlib
import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

from safetensors.torch import load_file, save_file

from bench.attacks.ground import SECOND, Ground, attack
from steps.consolidate.adapter import WEIGHTS
from steps.errors import SlumberError
from steps.gate.verdict import read_verdict
from steps.promote.approval import approve, override
from steps.promote.returning import apply_decisions, rollback
from steps.records import Verdict
from steps.registry import reading, registration, verdict_digest
from steps.registry.watch import strayed
from steps.workspace import VERDICT, file_sha256, write_text


def refused(action: Callable[[], object]) -> bool:
    """Whether ``action`` ends in a sentence for its user."""
    try:
        action()
    except SlumberError:
        return True
    return False


def _roll_back(ground: Ground, version: str) -> None:
    rollback(settings=ground.settings, workspace=ground.workspace, version=version)


def _champion_moves(ground: Ground, *before: str) -> str | None:
    """Roll back after the steps ``before``, and go on as if nothing had happened."""
    ground.run(*before)
    _roll_back(ground, "1")
    with contextlib.suppress(SlumberError):
        ground.run(*(step for step in ("gate", "rescue") if step not in before))
        ground.promote()
    return None if ground.serves() == "1" else "promoted on a comparison with a model that serves no more"


@attack("the champion is rolled back after the examination", "verdict")
def _(ground: Ground) -> str | None:
    return _champion_moves(ground)


@attack("... after the verdict", "verdict")
def _(ground: Ground) -> str | None:
    return _champion_moves(ground, "gate", "rescue")


@attack("... after the registration", "verdict")
def _(ground: Ground) -> str | None:
    return _champion_moves(ground, "gate", "rescue", "register")


def _forge_verdict(ground: Ground) -> Verdict:
    """Write a PROMOTE by hand that binds what the true verdict binds."""
    path = ground.night().folder / VERDICT
    true = Verdict.from_json(path.read_text(encoding="utf-8"))
    checks = tuple(check.model_copy(update={"status": "PASS"}) for check in true.checks)
    forged = true.model_copy(update={"verdict": "PROMOTE", "checks": checks, "reasons": ("all is well",)})
    write_text(path, forged.model_dump_json(indent=2) + "\n")
    return read_verdict(ground.workspace, SECOND)


def _forged(ground: Ground, tamper: Callable[[Path], None]) -> str | None:
    ground.run("gate", "rescue")
    _forge_verdict(ground)
    tamper(ground.night().folder)
    with contextlib.suppress(SlumberError):
        ground.promote()
    return None if ground.serves() == "2" else "a verdict that was written by hand let a forgetful candidate serve"


@attack("verdict.json is written by hand", "evidence", on="forgetful")
def _(ground: Ground) -> str | None:
    return _forged(ground, lambda folder: None)


@attack("... and the manifests of gate and rescue are deleted", "evidence", on="forgetful")
def _(ground: Ground) -> str | None:
    def tamper(folder: Path) -> None:
        for step in ("gate", "rescue"):
            (folder / f"{step}.manifest.json").unlink()

    return _forged(ground, tamper)


@attack("... and every manifest vouches for it", "evidence", on="forgetful")
def _(ground: Ground) -> str | None:
    def tamper(folder: Path) -> None:
        shutil.copy(folder / VERDICT, folder / "judgement.json")
        for step in ("gate", "rescue"):
            path = folder / f"{step}.manifest.json"
            outputs = json.loads(path.read_text(encoding="utf-8"))["outputs"]
            ground.edit(path, outputs={name: file_sha256(ground.workspace.root / name) for name in outputs})

    return _forged(ground, tamper)


@attack("the answers of the examination are deleted after the verdict", "evidence")
def _(ground: Ground) -> str | None:
    ground.run("gate", "rescue")
    (ground.night().folder / "examination" / "canaries.jsonl").unlink()
    with contextlib.suppress(SlumberError):
        ground.promote()
    return None if ground.serves() == "2" else "promoted without its examination"


def _strangers_version(ground: Ground) -> str:
    """Register a version from a workspace that this deployment never saw, with all the tags of a good one."""
    ground.run("gate", "rescue")
    other = ground.elsewhere()
    forged = _forge_verdict(other)
    version = registration.register_candidate(
        other.registry,
        night=SECOND,
        adapter=other.night().folder / "adapter",
        verdict=forged,
        files={VERDICT: other.night().folder / VERDICT},
        metrics={},
        params={},
        tags={f"binding.{key}": value for key, value in forged.binding.items()},
        dataset_hashes={},
        description_md="",
    )
    shutil.copy(other.night().folder / VERDICT, ground.night().folder / VERDICT)
    return version.version


@attack("a verdict is written into MLflow from elsewhere, and approved here", "evidence", on="forgetful")
def _(ground: Ground) -> str | None:
    number = _strangers_version(ground)
    given: dict[str, Any] = {"settings": ground.settings, "workspace": ground.workspace, "by": "Eve"}
    held = refused(lambda: approve(**given, version=number)) and ground.serves() == "2"
    return None if held else f"version {number}, which this deployment never judged, serves"


@attack("... and approved by a tag in MLflow", "evidence", on="forgetful")
def _(ground: Ground) -> str | None:
    number = _strangers_version(ground)
    ground.registry.tag(ground.version(number), approval="waiting", approved_by="Eve")
    apply_decisions(settings=ground.settings, workspace=ground.workspace)
    return None if ground.serves() == "2" else "the next night let it serve"


@attack("... and rolled back to, marked as a former champion", "evidence", on="forgetful")
def _(ground: Ground) -> str | None:
    number = _strangers_version(ground)
    ground.registry.tag(ground.version(number), promoted_at="2026-01-01T00:00:00+00:00")
    held = refused(lambda: _roll_back(ground, number)) and ground.serves() == "2"
    return None if held else "a rollback let it serve"


@attack("a stranger's version can be let in by an override, which is on record", "evidence", on="forgetful")
def _(ground: Ground) -> str | None:
    number = _strangers_version(ground)
    override(settings=ground.settings, workspace=ground.workspace, version=number, reason="we know it", by="Ada")
    entries = [entry for entry in reading.trail(ground.registry) if entry.action == "override"]
    known = ground.serves() == number and entries and entries[-1].author == "Ada"
    return None if known and strayed(ground.registry) is None else "there is no way in, or none on record"


@attack("a refused version's tags and verdict are rewritten in MLflow", "evidence", on="forgetful")
def _(ground: Ground) -> str | None:
    ground.run("gate", "rescue", "register")
    forged = _forge_verdict(ground)
    version = ground.version("3")
    registration.attach(ground.registry, version.run_id, {VERDICT: ground.night().folder / VERDICT})
    ground.registry.tag(version, verdict="PROMOTE", verdict_digest=verdict_digest(forged), approved_by="Eve")
    ground.registry.tag(version, approval="waiting")
    given: dict[str, Any] = {"settings": ground.settings, "workspace": ground.workspace, "by": "Eve"}
    refused(lambda: approve(**given, version="3"))
    apply_decisions(settings=ground.settings, workspace=ground.workspace)
    with contextlib.suppress(SlumberError):
        step = ground.promote()
        assert not step.promoted or ground.serves() != "3"
    return None if ground.serves() == "2" else "a refused candidate serves"


def _damaged(ground: Ground, damage: Callable[[Path], None], *, retag: bool = False) -> str | None:
    """Let the second night serve, damage the first one's adapter where MLflow keeps it, and go back to it."""
    ground.run("gate", "rescue")
    ground.promote()
    assert ground.serves() == "3"
    version = ground.version("2")
    place = ground.registry.client.get_run(version.run_id).info.artifact_uri.removeprefix("file://")
    damage(Path(place) / "adapter")
    if retag and (Path(place) / "adapter").is_dir():
        ground.registry.tag(version, adapter_sha256=file_sha256(Path(place) / "adapter"))
    held = refused(lambda: _roll_back(ground, "2")) and ground.serves() == "3"
    return None if held else "a rollback let a damaged adapter serve"


@attack("rollback to a version whose adapter is gone", "return")
def _(ground: Ground) -> str | None:
    return _damaged(ground, shutil.rmtree)


@attack("... whose weights were changed", "return")
def _(ground: Ground) -> str | None:
    return _damaged(ground, _scale_weights(0.0))


@attack("... whose weights were changed, and the digest with them", "return")
def _(ground: Ground) -> str | None:
    return _damaged(ground, _scale_weights(float("nan")), retag=True)


@attack("... whose weights were cut off", "return")
def _(ground: Ground) -> str | None:
    return _damaged(ground, _cut_weights, retag=True)


def _cut_weights(folder: Path) -> None:
    (folder / WEIGHTS).write_bytes(b"\0" * 100)


def _scale_weights(by: float) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        weights = {name: (weight * by).contiguous() for name, weight in load_file(folder / WEIGHTS).items()}
        save_file(weights, folder / WEIGHTS, metadata={"format": "pt"})

    return damage


@attack(
    "the alias `champion` is moved by hand: status says so, and nothing is promoted before somebody decides", "alias"
)
def _(ground: Ground) -> str | None:
    ground.registry.set_alias("champion", "1")
    if strayed(ground.registry) is None:
        return "nobody notices"
    if not any(
        "moved by hand" in said for said in apply_decisions(settings=ground.settings, workspace=ground.workspace)
    ):
        return "the next night says nothing"
    ground.run("examine", "gate", "rescue")
    promotion = ground.promote()
    if promotion.promoted or "moved by hand" not in promotion.message:
        return f"the night goes on as if nothing had happened: {promotion.message}"
    _roll_back(ground, "1")
    return None if strayed(ground.registry) is None else "a decision does not end it"


@attack("the alias is moved to a stranger's version", "alias", on="forgetful")
def _(ground: Ground) -> str | None:
    number = _strangers_version(ground)
    ground.registry.set_alias("champion", number)
    ground.registry.enter("promote", number, "2", number)
    return None if strayed(ground.registry) else "nobody notices, for the audit trail was written by hand, too"


def _overridden(ground: Ground) -> None:
    ground.run("gate", "rescue", "register")
    override(settings=ground.settings, workspace=ground.workspace, version="3", reason="we know", by="Ada")
    assert ground.serves() == "3"


def _end(ground: Ground) -> None:
    """Let the override of version 3 end, as if its days were over."""
    from steps.registry.signing import override_signature

    tags = {"override_until": (datetime.now(UTC) - timedelta(seconds=1)).isoformat(timespec="seconds")}
    version = ground.version("3")
    ground.registry.tag(
        version, **tags, override_signature=override_signature(ground.registry, {**version.tags, **tags})
    )


@attack("`previous` is moved by hand while an override holds", "alias", on="forgetful")
def _(ground: Ground) -> str | None:
    _overridden(ground)
    ground.registry.set_alias("previous", "1")
    _end(ground)
    apply_decisions(settings=ground.settings, workspace=ground.workspace)
    return None if ground.serves() == "2" else f"version {ground.serves()} serves, and not the champion before it"


@attack("an override is prolonged by hand in MLflow", "alias", on="forgetful")
def _(ground: Ground) -> str | None:
    _overridden(ground)
    ground.registry.tag(ground.version("3"), override_until="2999-01-01T00:00:00+00:00")
    apply_decisions(settings=ground.settings, workspace=ground.workspace)
    return None if ground.serves() == "2" else "it serves for ever"


@attack("an ended override revives when the clock is set back (simulated)", "alias", on="forgetful")
def _(ground: Ground) -> str | None:
    _overridden(ground)
    _end(ground)
    apply_decisions(settings=ground.settings, workspace=ground.workspace)
    with patch("steps.registry.reading.datetime", wraps=datetime) as clock:
        clock.now.side_effect = lambda zone: datetime.now(zone) - timedelta(days=30)
        held = refused(lambda: _roll_back(ground, "3"))
    return None if held and ground.serves() == "2" else "it serves again"
