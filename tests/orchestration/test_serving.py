"""What a night goes on from and is compared with: what serves, or what served before the night's own adapter."""

import pytest

from orchestration.serving import champion_adapter, opened_registry, training_start
from steps.records import Verdict
from steps.registry import verdict_digest
from steps.workspace import file_sha256, write_json

FIRST, SECOND, THIRD = "2026-11-22", "2026-11-23", "2026-11-24"


@pytest.fixture
def promote(tiny_settings, workspace, migrated):
    """Return a function that lets a night's candidate serve and gives the digest of its adapter."""
    registry = opened_registry(tiny_settings, workspace)

    def go(night):
        adapter = workspace.night(night) / "adapter"
        adapter.mkdir(parents=True)
        (adapter / "adapter_config.json").write_text("{}")
        (adapter / "adapter_model.safetensors").write_text(night)
        verdict = Verdict(night=night, verdict="PROMOTE", reasons=("because",))
        write_json(workspace.night(night) / "decided.json", verdict.model_dump())
        version = registry.register_candidate(
            night=night,
            adapter=adapter,
            verdict=verdict,
            files={"verdict.json": workspace.night(night) / "decided.json"},
            metrics={},
            params={},
            tags={"champion_before": registry.champion().version},
            dataset_hashes={},
            description_md="",
        )
        registry.promote(version, verdict_digest=verdict_digest(verdict))
        return file_sha256(adapter)

    return go


def test_a_night_goes_on_from_the_champion_and_run_again_from_the_one_before(tiny_settings, workspace, promote):
    def start(night):
        found = training_start(settings=tiny_settings, workspace=workspace, night=night)
        compared = champion_adapter(settings=tiny_settings, workspace=workspace, night=night)
        assert compared == (found and found.adapter)
        return found and (found.night, file_sha256(found.adapter))

    assert start(FIRST) is None, "the base serves"
    first = promote(FIRST)
    assert start(FIRST) is None and start(SECOND) == (FIRST, first)
    second = promote(SECOND)
    assert start(SECOND) == (FIRST, first) and start(THIRD) == (SECOND, second)
