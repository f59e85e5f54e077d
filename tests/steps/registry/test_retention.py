"""Old adapters are deleted after a promotion, never one that somebody could need to go back."""

from datetime import UTC, datetime, timedelta

import pytest

from steps.errors import SlumberError
from steps.promote.registering import promote, register
from steps.promote.returning import rollback
from steps.registry import Registry, Version, reading, registration
from steps.registry.retention import expendable
from tests.examined import FIRST, SECOND, THIRD, examined, slept

pytestmark = pytest.mark.usefixtures("planted_verdicts")

NOW = datetime(2026, 11, 22, tzinfo=UTC)
LATER, EARLIER = ((NOW + timedelta(hours=hours)).isoformat() for hours in (1, -1))


def version(number, *aliases, verdict="PROMOTE", champion=True, **tags):
    tags = ({"promoted_at": f"2026-11-{number:02d}", "previous_champion": str(number - 1)} if champion else {}) | tags
    if number == 1:
        return Version("1", "0", "BASE", "r", None, {}, aliases)
    return Version(str(number), f"2026-11-{number:02d}", verdict, "r", "digest", tags, aliases)


def gone(*versions, keep=1):
    return [v.version for v in expendable(list(versions), keep=keep, now=NOW)]


HISTORY = [version(1, "base"), *(version(n) for n in range(2, 7)), version(7, "previous"), version(8, "champion")]


def test_the_last_former_champions_are_kept_and_zero_keeps_all():
    assert gone(*HISTORY, keep=0) == []
    assert gone(*HISTORY, keep=1) == ["2", "3", "4", "5", "6"]
    assert gone(*HISTORY, keep=3) == ["2", "3", "4"]
    assert gone(*HISTORY, keep=99) == []


def test_a_rollback_far_back_keeps_what_it_came_from():
    far = [version(1, "base"), version(2, "champion"), *(version(n) for n in range(3, 7)), version(7, "previous")]
    assert gone(*far) == ["3", "4", "5", "6"]


@pytest.mark.parametrize(
    ("kept", "tags"),
    [
        (False, {}),
        (False, {"override_until": EARLIER}),
        (True, {"override_until": LATER}),
        (False, {"verdict": "PROMOTE", "champion_before": "8"}),
        (True, {"verdict": "PROMOTE", "approval": "approved", "champion_before": "8"}),
        (True, {"verdict": "PROMOTE", "approval": "waiting", "champion_before": "8"}),
        (True, {"verdict": "PROMOTE", "approval": "waiting", "champion_before": "7"}),
        (False, {"verdict": "PROMOTE", "approval": "waiting", "champion_before": "5"}),
        (False, {"adapter_deleted_at": "2026-01-01"}),
    ],
)
def test_what_never_served_is_kept_only_if_it_may_serve(kept, tags):
    other = version(9, champion=False, **({"verdict": "REJECT"} | tags))
    deleted = not kept and "adapter_deleted_at" not in tags
    assert ("9" in gone(*HISTORY, other)) is deleted
    assert "9" not in gone(*HISTORY[:-1], version(8, "champion"), version(9, "candidate", champion=False))


def test_the_champions_to_which_ended_overrides_lead_back_are_kept():
    refused = {"verdict": "REJECT", "override_until": EARLIER}
    serving = [version(8, **refused), version(9, "champion", **refused)]
    rolled = [version(10), version(11, "previous")]
    assert gone(*HISTORY[:7], *serving, *rolled) == ["2", "3", "4", "5", "6", "10"], "8, and 7 before it, may be needed"


def test_after_a_promotion_old_adapters_are_gone_and_their_versions_say_so(settings, workspace, migrated):
    section = settings.registry.model_copy(update={"keep_versions": 1, "approval": "auto"})
    keeping = settings.model_copy(update={"registry": section})
    registry = Registry(settings, workspace)
    registration.ensure_night_zero(registry, base={"name": "tiny"})
    for night in (FIRST, SECOND, THIRD):
        assert slept(keeping, workspace, night=night).promoted
    last = slept(keeping, workspace, night="2026-11-25")
    assert "versions were deleted: 3" in last.message
    assert [v.version for v in reading.history(registry) if v.adapter_deleted_at] == ["3", "2"]
    stored = {path.parent.name for path in (workspace.state / "mlflow" / "artifacts").rglob("adapter_config.json")}
    assert stored == {"adapter"} and len(list((workspace.state / "mlflow").rglob("adapter_config.json"))) == 2
    old = reading.version(registry, "2")
    assert reading.recorded_verdict(registry, old).verdict == "PROMOTE", "the record stays"
    assert [(e.version, e.reason) for e in reading.trail(registry) if e.action == "delete"] == [
        ("2", "registry.keep_versions: 1"),
        ("3", "registry.keep_versions: 1"),
    ]
    with pytest.raises(SlumberError, match="adapter of version 2 was deleted on"):
        rollback(settings=settings, workspace=workspace, version="2")
    with pytest.raises(SlumberError, match="adapter of version 2 was deleted on"):
        reading.adapter_of(registry, old, workspace.root / "fetched")
    assert [v.version for v in rollback(settings=settings, workspace=workspace)] == ["5", "4"]
    assert rollback(settings=settings, workspace=workspace, version="1")[1].version == "1"
    examined(workspace, night=FIRST)
    assert register(settings=settings, workspace=workspace, night=FIRST).version == "6", "its night was run again"
    assert promote(settings=settings, workspace=workspace, night=FIRST).champion == "6"


def test_a_store_that_cannot_delete_does_not_hide_the_promotion(settings, workspace, migrated, monkeypatch):
    from mlflow.store.artifact.local_artifact_repo import LocalArtifactRepository

    keeping = settings.model_copy(
        update={"registry": settings.registry.model_copy(update={"keep_versions": 1, "approval": "auto"})}
    )
    registry = Registry(settings, workspace)
    registration.ensure_night_zero(registry, base={"name": "tiny"})
    slept(settings, workspace, night=FIRST)
    slept(settings, workspace, night=SECOND)
    monkeypatch.setattr(LocalArtifactRepository, "delete_artifacts", lambda self, path=None: None)
    promotion = slept(keeping, workspace, night=THIRD)
    assert promotion.promoted and "did not delete adapter of version 2" in promotion.message
    assert not reading.version(registry, "2").adapter_deleted_at
