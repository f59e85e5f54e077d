"""On what a tenant's night stands, and what becomes of it when everybody's champion moves on, or has to forget."""

from dataclasses import replace

import pytest

from orchestration.environment import Deployment
from orchestration.forgetting import begin_anew
from orchestration.history import rolled_back
from orchestration.lineage import RegistryLineage
from steps.errors import SlumberError
from steps.forget.request import Request
from steps.promote.registering import register
from steps.promote.returning import rollback
from steps.registry import Registry, erasure, reading
from steps.registry.checks import check_bound_champion
from steps.registry.lineage import opened_registry
from steps.registry.removal import remove_model
from steps.registry.stand import note_stand, stands_on, stood_on
from steps.tenants import add_tenant
from steps.workspace import DEEP, file_sha256
from tests.awake.adapters import adapter_in
from tests.examined import FIRST, SECOND, THIRD, examined, slept

pytestmark = pytest.mark.usefixtures("planted_verdicts")


@pytest.fixture
def both(tiny_settings, workspace, migrated):
    """Everybody's deployment and that of its tenant, with night zero in both."""
    add_tenant(workspace, "acme")
    shared = Deployment(tiny_settings, workspace, workspace.root / "inbox")
    own = shared.of_tenant("acme")
    for one in (shared, own):
        opened_registry(one.settings, one.workspace)
    return shared, own


def let_sleep(found, night, folder, *, seed, **binding):
    adapter = adapter_in(folder / f"{found.tenant}{night}", found.settings, seed=seed)
    assert slept(found.settings, found.workspace, night=night, adapter=adapter, **binding).promoted
    return file_sha256(found.workspace.night_dir(night) / "adapter")


def test_the_first_night_goes_on_from_everybodys_champion(both, tmp_path):
    shared, own = both
    assert own.night(FIRST).start is None and own.night(FIRST).champion is None, "everybody's is the base"
    digest = let_sleep(shared, FIRST, tmp_path, seed=1)
    tonight = own.night(SECOND)
    assert isinstance(tonight.lineage, RegistryLineage) and tonight.key.tenant == "acme"
    for found in (tonight.start, tonight.champion):
        assert file_sha256(found.adapter) == digest and found.nights == () and found.version is None
        assert found.adapter.is_relative_to(own.workspace.root), "a copy of his own"
        assert found.says == "everybody's champion"
    assert stands_on(own.workspace, SECOND) == digest and stood_on(own.workspace, ["2"]) == [SECOND]
    assert stood_on(own.workspace, ["1"]) == stood_on(shared.workspace, ["2"]) == []


def test_run_again_it_stands_on_the_same_version(both, tmp_path):
    shared, own = both
    digest = let_sleep(shared, FIRST, tmp_path, seed=1)
    assert own.night(SECOND).start
    later = let_sleep(shared, SECOND, tmp_path, seed=2)
    assert file_sha256(own.night(SECOND).start.adapter) == digest
    assert file_sha256(own.night(THIRD).start.adapter) == later, "another night stands on what serves now"
    assert file_sha256(own.night(SECOND).champion.adapter) == digest


def test_his_own_champion_is_what_the_next_night_goes_on_from(both, tmp_path):
    shared, own = both
    shareds = let_sleep(shared, FIRST, tmp_path, seed=1)
    assert own.night(SECOND).start
    mine = let_sleep(own, SECOND, tmp_path, seed=3, champion=shareds, champion_version="none")
    let_sleep(shared, SECOND, tmp_path, seed=2)
    tonight = own.night(THIRD)
    assert file_sha256(tonight.start.adapter) == file_sha256(tonight.champion.adapter) == mine
    again = own.night(SECOND)
    assert file_sha256(again.start.adapter) == file_sha256(again.champion.adapter) == shareds, "run again"


def test_a_candidate_that_was_compared_with_something_else_is_not_registered(both, tmp_path):
    shared, own = both
    let_sleep(shared, FIRST, tmp_path, seed=1)
    assert own.night(SECOND).start
    for other in ("none", "0" * 64):
        examined(own.workspace, night=SECOND, champion=other, champion_version="none")
        with pytest.raises(SlumberError, match="was compared with"):
            register(settings=own.settings, workspace=own.workspace, night=SECOND)
    zero = reading.champion(Registry(shared.settings, shared.workspace))
    assert zero.version == "2"
    with pytest.raises(SlumberError, match="was compared with"):  # a digest of a tenant's counts for no other version
        check_bound_champion(zero, {"champion_version": "none", "champion": "a"}, shared="a")


def test_what_everybody_forgets_no_tenant_knows(both, tmp_path):
    shared, own = both
    shareds = let_sleep(shared, FIRST, tmp_path, seed=1)
    add_tenant(shared.workspace, "beta")
    opened_registry(shared.of_tenant("beta").settings, shared.of_tenant("beta").workspace)
    let_sleep(shared.of_tenant("beta"), FIRST, tmp_path, seed=4)
    assert own.night(SECOND).start
    let_sleep(own, SECOND, tmp_path, seed=3, champion=shareds, champion_version="none")
    request = Request(id="r1", night=None, first=FIRST, experiences=("x",), probes=(), versions=("2",))
    erasure.must_forget(Registry(shared.settings, shared.workspace), "r1", versions=["2"])
    assert begin_anew(shared, request) == ["acme"]
    assert begin_anew(shared, request) == [], "cut off, it is done again"
    registry = Registry(own.settings, own.workspace)
    assert reading.champion(registry).is_night_zero and reading.version(registry, "2").erased
    digests = {file_sha256(path.parent) for path in own.workspace.root.rglob("adapter_config.json")}
    assert not digests, "neither his adapters nor the copy of everybody's is left"
    assert own.night(THIRD).start is None, "and the next night stands on nothing that has to forget"
    beta = shared.of_tenant("beta")
    assert reading.champion(Registry(beta.settings, beta.workspace)).version == "2", (
        "who stood on the base is as he was"
    )


def test_a_deep_sleep_stands_on_a_shared_version_too(both):
    own = both[1]
    shared = reading.history(Registry(both[0].settings, both[0].workspace))[0]
    version = replace(shared, version="7", adapter_sha256="0" * 64)
    note_stand(own.workspace.of(DEEP), THIRD, version)
    assert stood_on(own.workspace, ["7"]) == [THIRD] and stood_on(own.workspace, ["8"]) == []


def test_a_rollback_says_who_keeps_what_served_and_who_answers_then(both, tmp_path):
    shared, own = both
    shareds = let_sleep(shared, FIRST, tmp_path, seed=1)
    assert own.night(SECOND).start
    let_sleep(own, SECOND, tmp_path, seed=3, champion=shareds, champion_version="none")
    add_tenant(shared.workspace, "beta")
    assert not shared.of_tenant("beta").workspace.state.joinpath("nights").exists(), "who never slept keeps nothing"
    before, after = rollback(settings=shared.settings, workspace=shared.workspace, version="1")
    said = rolled_back(shared, before, after)
    assert "go on from version 2 keep them: acme. `slumber rollback --tenant NAME 1`" in said
    said = rolled_back(own, *rollback(settings=own.settings, workspace=own.workspace, version="1"))
    assert said.startswith("Everybody's champion answers acme since ") and "keep them" not in said
    again = rolled_back(shared, *rollback(settings=shared.settings, workspace=shared.workspace, version="2"))
    assert "keep them" not in rolled_back(shared, after, before) and "Version 2" in again


def test_files_of_a_removed_tenant_that_lie_elsewhere_go(tiny_settings, workspace, migrated, tmp_path):
    place = tmp_path / "elsewhere"
    knobs = tiny_settings.registry.model_copy(update={"artifacts": place.as_uri()})
    add_tenant(workspace, "acme")
    shared = Deployment(tiny_settings.model_copy(update={"registry": knobs}), workspace, workspace.root / "inbox")
    own = shared.of_tenant("acme")
    for one in (shared, own):
        opened_registry(one.settings, one.workspace)
        let_sleep(one, FIRST, tmp_path, seed=1)
    remove_model(Registry(own.settings, own.workspace))
    left = [path.relative_to(place) for path in place.rglob("*") if path.is_file()]
    assert left and not [path for path in left if path.parts[:2] == ("tenants", "acme")]
