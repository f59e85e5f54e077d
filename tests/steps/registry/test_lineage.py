"""What a night goes on from and is compared with: what serves, or what served before the night's own adapter."""

import shutil

import pytest

from steps.manifest import StepRecord
from steps.records import Verdict
from steps.registry import erasure, promotion, reading, registration, verdict_digest
from steps.registry.lineage import compared_champion, opened_registry, served_before, training_start
from steps.registry.signing import override_signature
from steps.workspace import file_sha256, write_json
from tests.examined import compared as against

FIRST, SECOND, THIRD = "2026-11-22", "2026-11-23", "2026-11-24"


@pytest.fixture
def promote(tiny_settings, workspace, migrated):
    """Return a function that lets a night's candidate serve and gives the digest of its adapter."""
    registry = opened_registry(tiny_settings, workspace)

    def go(night):
        workspace.dataset("dreams", night).parent.mkdir(parents=True, exist_ok=True)
        workspace.dataset("dreams", night).touch()
        adapter = workspace.night_dir(night) / "adapter"
        adapter.mkdir(parents=True)
        (adapter / "adapter_config.json").write_text("{}")
        (adapter / "adapter_model.safetensors").write_text(night)
        verdict = Verdict(night=night, verdict="PROMOTE", reasons=("because",), binding=against(registry))
        write_json(workspace.night_dir(night) / "decided.json", verdict.model_dump())
        version = registration.register_candidate(
            registry,
            night=night,
            adapter=adapter,
            verdict=verdict,
            files={"verdict.json": workspace.night_dir(night) / "decided.json"},
            metrics={},
            params={},
            tags={},
            dataset_hashes={},
            description_md="",
        )
        promotion.promote(registry, version, verdict_digest=verdict_digest(verdict))
        return file_sha256(adapter)

    return go


@pytest.fixture
def start(tiny_settings, workspace):
    """Return a function that says which nights a night's start has learned from, and its digest."""

    def go(night):
        found = training_start(settings=tiny_settings, workspace=workspace, night=night)
        return found and (found.nights, file_sha256(found.adapter))

    return go


def test_a_night_goes_on_from_the_champion_and_run_again_from_the_one_before(tiny_settings, workspace, promote, start):
    def compared(night):
        found = compared_champion(settings=tiny_settings, workspace=workspace, night=night)
        return found and file_sha256(found.adapter)

    assert start(FIRST) is None and compared(FIRST) is None, "the base serves"
    first = promote(FIRST)
    assert start(FIRST) is None and compared(FIRST) is None
    assert start(SECOND) == ((FIRST,), first) and compared(SECOND) == first
    second = promote(SECOND)
    assert start(SECOND) == ((FIRST,), first) and compared(SECOND) == first
    assert start(THIRD) == ((FIRST, SECOND), second) and compared(THIRD) == second


def test_where_a_night_starts_does_not_depend_on_its_own_adapter(workspace, promote, start):
    first, _ = promote(FIRST), promote(SECOND)
    shutil.rmtree(workspace.night_dir(SECOND) / "adapter")
    assert start(SECOND) == ((FIRST,), first)


def test_nothing_goes_on_from_what_must_be_forgotten_or_is_deleted(tiny_settings, workspace, promote, start):
    first, _ = promote(FIRST), promote(SECOND)
    registry = opened_registry(tiny_settings, workspace)
    erasure.must_forget(registry, "r", versions=["3"])
    assert start(THIRD) == ((FIRST,), first) and served_before(registry, FIRST).is_night_zero
    registry.tag(reading.version(registry, "2"), adapter_deleted_at="then")
    assert start(THIRD) is None


def test_nothing_goes_on_from_what_was_refused_and_whose_override_has_ended(tiny_settings, workspace, promote, start):
    (first, second), registry = (promote(FIRST), promote(SECOND)), opened_registry(tiny_settings, workspace)
    until = {"override_until": "2999-01-01T00:00:00+00:00"}
    signed = override_signature(registry, reading.version(registry, "3").tags | until)
    registry.tag(reading.version(registry, "3"), verdict="REJECT", override_signature=signed, **until)
    assert start(THIRD) == ((FIRST, SECOND), second)
    registry.tag(reading.version(registry, "3"), override_until="2999-01-02T00:00:00+00:00")
    assert start(THIRD) == ((FIRST,), first), "prolonged by hand in MLflow"
    registry.tag(reading.version(registry, "3"), override_until="2026-11-01T00:00:00+00:00")
    assert start(THIRD) == ((FIRST,), first)


def test_nights_that_what_serves_has_not_learned_from_are_not_among_its_nights(workspace, promote, start):
    digest = promote(SECOND)
    trained = StepRecord(
        step="consolidate", night=SECOND, digest="d", outputs={}, figures={"nights": [SECOND]}, seconds=1.0
    )
    write_json(workspace.manifest(SECOND, "consolidate"), trained.model_dump())
    assert start(THIRD) == ((SECOND,), digest)
