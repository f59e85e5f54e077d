"""A round of real nights, each in a process of its own, and how Dagster shows them: by night and tenant."""

import os
import sqlite3
import time

import dagster as dg
import pytest

from orchestration.definitions import build
from orchestration.fairness import Slept
from orchestration.instance import dagster_home, opened_instance
from orchestration.tenancy import remove_tenant, run_tenants, turn_of
from orchestration.tenant_night import sleep
from orchestration.tenant_pages import ASSET, forget_pages, tell
from steps.errors import NightRunning
from steps.settings import REPOSITORY
from steps.tenants import LastNight, add_tenant, last_night, note_night

NIGHT = "2026-11-22"
MILL = "# The mill Borun\n\nThe mill Borun was burnt down in 1911 by the miller Otto Lemm. Its roof is bright red.\n"


@pytest.fixture
def found(deployment_in, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY))  # for the nights' own processes
    return deployment_in(tmp_path / "deployment")


def partitions(found):
    """The partitions of which Dagster's asset knows a night, and what it says of the last one."""
    with opened_instance(found.workspace) as instance:
        done = instance.get_materialized_partitions(dg.AssetKey(ASSET))
        seen = instance.fetch_observations(dg.AssetKey(ASSET), limit=20).records
    return done, {record.partition_key for record in seen}


@pytest.mark.timeout(900)
def test_a_round_with_one_who_fails_and_one_for_whom_nothing_waits(found):
    for name in ("acme", "broken", "idle"):
        add_tenant(found.workspace, name)
    (found.of_tenant("acme").workspace.root / "inbox" / "mill.md").write_text(MILL)
    broken = found.of_tenant("broken").workspace
    (broken.root / "inbox").rmdir()
    (broken.root / "inbox").write_text("no folder")
    note_night(broken, LastNight(1.0, "2026-11-20", 1))  # it failed before, and has waited longest

    told = []
    slept = {one.tenant: one for one in run_tenants(found, NIGHT, say=told.append)}
    assert {name: one.code for name, one in slept.items()} == {"broken": 2, "acme": 0}
    assert told[0].startswith("broken: failed (code 2)") and told[1].startswith("acme: INCONCLUSIVE")
    acme = found.of_tenant("acme").workspace
    assert (acme.night_dir(NIGHT) / "report.html").is_file() and "Otto" not in "".join(told)
    assert "INCONCLUSIVE" in (acme.state / "night.log").read_text()
    assert "is a file" in (broken.state / "night.log").read_text()
    assert last_night(acme).code == 0 and last_night(broken).code == 2
    assert not turn_of(acme, "acme").due and turn_of(broken, "broken").failed
    assert partitions(found) == ({f"{NIGHT}|acme"}, {f"{NIGHT}|broken"})
    assert not (found.workspace.night_dir(NIGHT)).exists(), "everybody had no night"


def test_a_night_that_hangs_is_ended(found):
    add_tenant(found.workspace, "acme")
    tenants = found.settings.tenants.model_copy(update={"night_minutes": 0.001})
    quick = type(found)(**{**vars(found), "settings": found.settings.model_copy(update={"tenants": tenants})})
    start = time.monotonic()
    assert sleep(quick, "acme", NIGHT) == 1 and time.monotonic() - start < 30
    own = found.of_tenant("acme").workspace
    assert "tenants.night_minutes" in (own.state / "night.log").read_text() and last_night(own).code == 1


def test_what_waits(found):
    own = add_tenant(found.workspace, "acme")
    assert not turn_of(own, "acme").due
    (own.root / "inbox" / "mill.md").write_text(MILL)
    os.utime(own.root / "inbox" / "mill.md", (1, 1))  # an old file that was moved here
    assert turn_of(own, "acme").due
    note_night(own, LastNight(time.time() + 1, NIGHT, 0))
    assert not turn_of(own, "acme").due
    note_night(own, LastNight(time.time() - 5, NIGHT, 0))
    (own.state / "diary").mkdir()
    (own.state / "diary" / "1.json").write_text("{}")
    assert turn_of(own, "acme").due, "somebody has said something since"


def test_dagster_shows_nights_by_tenant(found):
    # Dagster looks for stored definitions in the last instance that was opened in the process.
    with opened_instance(found.workspace, capture_output=False):
        shown_by_tenant(found)


def shown_by_tenant(found):
    before = build(found).get_repository_def()
    assert dg.AssetKey(ASSET) not in before.asset_graph.get_all_asset_keys()
    for name in ("acme", "beta"):
        add_tenant(found.workspace, name)
    repository = build(found).get_repository_def()
    asset = repository.asset_graph.get(dg.AssetKey(ASSET))
    assert isinstance(asset.partitions_def, dg.MultiPartitionsDefinition)
    assert f"{NIGHT}|beta" in asset.partitions_def.get_partition_keys()
    assert isinstance(repository.asset_graph.get(dg.AssetKey("corpus")).partitions_def, dg.DailyPartitionsDefinition)
    (schedule,) = [one for one in repository.schedule_defs if one.name == "nightly_tenants"]
    assert schedule.job_name == "tenants" and schedule.default_status == dg.DefaultScheduleStatus.STOPPED


def test_a_removed_tenants_nights_leave_dagsters_pages(found):
    for name in ("acme", "acme-2"):
        add_tenant(found.workspace, name)
        tell(found, Slept(name, 0, 1.0), NIGHT, None)
        tell(found, Slept(name, 1, 1.0), NIGHT, None)
    forget_pages(found, "acme")
    assert partitions(found) == ({f"{NIGHT}|acme-2"}, {f"{NIGHT}|acme-2"})
    for database in dagster_home(found.workspace).rglob("*.db"):
        with sqlite3.connect(database) as connection:
            assert not any(f'"{NIGHT}|acme"' in line or "|acme'" in line for line in connection.iterdump())
        connection.close()


def test_nobody_is_removed_while_his_night_runs(found):
    own = add_tenant(found.workspace, "acme")
    with own.lock(NIGHT), pytest.raises(NightRunning):
        remove_tenant(found, "acme")
    assert remove_tenant(found, "acme") == [] and not own.root.exists()
    add_tenant(found.workspace, "acme")
    assert sorted(path.name for path in own.root.iterdir()) == [".slumber", "inbox"]


def test_what_dagsters_postgres_shows_of_a_removed_tenant_is_told(found):
    add_tenant(found.workspace, "acme")
    config = dagster_home(found.workspace) / "dagster.yaml"
    config.write_text(config.read_text() + "storage: {postgres: {postgres_url: postgresql+psycopg2://a@db/dagster}}\n")
    (left,) = remove_tenant(found, "acme")
    assert "Dagster's Postgres shows his nights still" in left and "'|acme'" in left
