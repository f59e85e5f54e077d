"""What everybody forgets while something is wrong with a tenant, and what forgetting clears beside nights."""

from types import SimpleNamespace

import pytest

from orchestration import forgetting
from orchestration.environment import Deployment
from orchestration.instance import dagster_home, opened_instance
from steps.errors import NightRunning, SlumberError
from steps.forget.removing import clear_work
from steps.forget.request import Request
from steps.registry.erasure import _drop_copies
from steps.tenants import NIGHT_LOG, add_tenant
from steps.workspace import file_sha256, write_json, write_text

FIRST, SECOND = "2026-11-22", "2026-11-23"
REQUEST = Request(id="r1", night=None, first=FIRST, experiences=("x",), probes=(), versions=("2",))


@pytest.fixture
def shared(settings, workspace):
    for name in ("acme", "beta"):
        add_tenant(workspace, name)
    return Deployment(settings=settings, workspace=workspace, inbox=workspace.root / "inbox")


def stands(shared, name):
    path = shared.of_tenant(name).workspace.night_dir(FIRST) / "stands_on.json"
    write_json(path, {"version": "2", "adapter_sha256": "a"})
    return path


def test_one_who_is_damaged_is_named_and_the_others_have_forgotten(shared, monkeypatch):
    asked, forgets = [], forgetting._forgets

    def noted(own, request):
        asked.append(own.tenant)
        return forgets(own, request)

    monkeypatch.setattr(forgetting, "_forgets", noted)
    stands(shared, "acme").write_text("{")
    with pytest.raises(SlumberError, match=r"acme: .*stands_on.json.* cannot be read.*`slumber forget` again"):
        forgetting.begin_anew(shared, REQUEST)
    assert asked == ["acme", "beta"]


def test_one_who_sleeps_is_named_and_it_is_no_mistake_of_anybodys(shared):
    stands(shared, "acme")
    with shared.of_tenant("acme").workspace.lock(SECOND), pytest.raises(NightRunning, match="acme: night 2026-11-23"):
        forgetting.begin_anew(shared, REQUEST)


def test_one_who_is_removed_meanwhile_has_nothing_to_forget(shared, monkeypatch):
    monkeypatch.setattr(forgetting, "tenants_of", lambda workspace: ["acme", "beta", "gone"])
    assert forgetting.begin_anew(shared, REQUEST) == []


def test_copies_that_a_server_has_brought_go_too(workspace):
    adapters = [workspace.state / "serving" / version for version in ("2", "3")]
    for adapter in adapters:
        write_json(adapter / "adapter_config.json", {"of": adapter.name})
    _drop_copies(SimpleNamespace(workspace=workspace), {file_sha256(adapters[0])})
    assert [adapter.exists() for adapter in adapters] == [False, True]


def test_what_the_last_night_of_a_round_said_goes(workspace):
    log = workspace.state / NIGHT_LOG
    write_text(log, "page.md no longer says: Olin owns it.")
    for _ in range(2):
        clear_work(REQUEST, workspace)
        assert not log.exists()


def test_what_a_run_printed_goes_with_it(shared):
    """Dagster deletes a run and its events, and leaves what it printed."""
    import dagster as dg

    with opened_instance(shared.workspace) as instance:
        for run, night in (("a" * 8, "2026-11-21"), ("b" * 8, SECOND)):
            tags = {"dagster/partition": night}
            instance.add_run(dg.DagsterRun("sleep", run, status=dg.DagsterRunStatus.SUCCESS, tags=tags))
            write_text(dagster_home(shared.workspace) / "storage" / run / "compute_logs" / "x.out", "Olin owns it.")
    forgetting._delete_pages(shared, REQUEST)
    left = [path.parts[-3] for path in dagster_home(shared.workspace).rglob("x.out")]
    assert left == ["a" * 8]
