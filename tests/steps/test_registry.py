"""The registry with a real MLflow on SQLite."""

import multiprocessing
import os
import socket
import sqlite3
import time
from pathlib import Path

import pytest

from steps.errors import SlumberError
from steps.records import Verdict
from steps.registry import Registry, RegistryUnreachable, connection, promotion, reading, registration, verdict_digest
from steps.workspace import Workspace, file_sha256, write_json
from tests.examined import compared

NIGHT = "2026-11-22"
BASE = {"name": "tiny", "sha256": "0" * 64}


@pytest.fixture
def registry(settings, workspace, migrated):
    found = Registry(settings, workspace)
    assert registration.ensure_night_zero(found, base=BASE).version == "1"
    return found


def candidate(registry, workspace, *, night=NIGHT, verdict="PROMOTE", weights="weights", **changed):
    adapter = workspace.night_dir(night) / "adapter"
    (adapter / "nested").mkdir(parents=True, exist_ok=True)
    (adapter / "adapter_config.json").write_text("{}")
    (adapter / "nested" / "weights").write_text(weights)
    made = Verdict(night=night, verdict=verdict, reasons=("because", "of that"), binding=compared(registry))
    write_json(workspace.night_dir(night) / "decided.json", made.model_dump())
    values = {
        "files": {"verdict.json": workspace.night_dir(night) / "decided.json"},
        "metrics": {"gate.gain": 0.5, "gate.nothing": float("nan")},
        "params": {"dream": {"temperature": 0.7, "endpoint": "http://me:secret@host/v1"}, "none": None},
        "tags": {"learned": "3 of 4"},
        "dataset_hashes": {"corpus": "a" * 32},
        "description_md": "# Night\n" + "x" * 9000,
    } | changed
    return registration.register_candidate(registry, night=night, adapter=adapter, verdict=made, **values), made


def test_night_zero_is_version_one_anchor_and_first_champion(registry, settings, workspace):
    champion = reading.champion(registry)
    assert (champion.version, champion.night, champion.aliases) == ("1", "0", ("base", "champion"))
    assert champion.is_night_zero and reading.adapter_of(registry, champion, workspace.root / "adapter") is None
    again = registration.ensure_night_zero(Registry(settings, workspace), base=BASE)
    assert again == champion and len(reading.history(registry)) == 1
    assert not (Path.cwd() / "mlruns").exists() and not (Path.cwd() / "mlflow.db").exists()


def test_another_base_is_refused(registry):
    with pytest.raises(SlumberError, match="another base model"):
        registration.ensure_night_zero(registry, base={"name": "other"})


def test_a_candidate_is_registered_with_all_that_is_known(registry, workspace):
    version, verdict = candidate(registry, workspace)
    assert version.aliases == ("candidate",) and reading.champion(registry).version == "1"
    assert version.tags["verdict"] == "PROMOTE" and version.tags["reasons"] == "because; of that"
    assert version.tags["learned"] == "3 of 4" and version.tags["data.corpus"] == "a" * 32
    assert version.adapter_sha256 == file_sha256(workspace.night_dir(NIGHT) / "adapter")
    assert version.description.startswith("# Night") and len(version.description) == 5000
    assert reading.recorded_verdict(registry, version) == verdict

    run = registry.client.get_run(version.run_id)
    assert run.info.status == "FINISHED" and run.data.metrics == {"gate.gain": 0.5}
    assert run.data.params["dream.temperature"] == "0.7" and "secret" not in run.data.params["dream.endpoint"]
    (given,) = run.inputs.dataset_inputs
    assert (given.dataset.name, given.dataset.digest) == ("corpus", "a" * 32)
    assert f"{NIGHT}.jsonl" in given.dataset.source

    place = reading.adapter_of(registry, version, workspace.root / "fetched" / "adapter")
    assert file_sha256(place) == version.adapter_sha256
    assert reading.adapter_of(registry, version, place) == place, "what is there already is not fetched again"
    registration.attach(registry, version.run_id, {"report.html": workspace.night_dir(NIGHT) / "decided.json"})
    assert "report.html" in [item.path for item in registry.client.list_artifacts(version.run_id)]


def test_a_retry_returns_the_version_that_is_there(registry, workspace):
    version, _ = candidate(registry, workspace)
    assert candidate(registry, workspace)[0] == version
    assert candidate(registry, workspace, weights="others")[0].version == "3"
    assert candidate(registry, workspace, weights="others", verdict="REJECT")[0].version == "4"


def test_a_failed_registration_leaves_no_version_and_can_be_repeated(registry, workspace):
    missing = {"verdict.json": workspace.root / "missing"}
    with pytest.raises(SlumberError, match="the champion is unchanged"):
        candidate(registry, workspace, files=missing)
    assert len(reading.history(registry)) == 1
    runs = registry.client.search_runs([registration._experiment(registry)])
    assert sorted(run.info.status for run in runs) == ["FAILED", "FINISHED"]
    assert candidate(registry, workspace)[0].version == "2"


def test_promotion_and_rollback_move_the_aliases(registry, workspace):
    first, verdict = candidate(registry, workspace)
    promoted = promotion.promote(registry, first, verdict_digest=verdict_digest(verdict))
    assert promoted.aliases == ("candidate", "champion") and promoted.tags["previous_champion"] == "1"
    assert promotion.promote(registry, first, verdict_digest=verdict_digest(verdict)) == promoted, (
        "again: nothing happens"
    )
    second, other = candidate(registry, workspace, night="2026-11-23", weights="more")
    promotion.promote(registry, second, verdict_digest=verdict_digest(other))
    assert {v.version: v.aliases for v in reading.history(registry)} == {
        "3": ("candidate", "champion"),
        "2": ("previous",),
        "1": ("base",),
    }

    old, new = promotion.rollback(registry)
    assert (old.version, old.aliases) == ("3", ("candidate", "previous"))
    assert (new.version, new.aliases) == ("2", ("champion",)) and "rolled_back_at" in old.tags
    with pytest.raises(SlumberError, match="slumber rollback"):
        promotion.promote(registry, second, verdict_digest=verdict_digest(other))
    assert reading.champion(registry).version == "2"
    assert [v.version for v in promotion.rollback(registry, "1")] == ["2", "1"]
    assert promotion.rollback(registry, "3")[1].tags.get("rolled_back_at") is None


@pytest.mark.parametrize("verdict", ["REJECT", "INCONCLUSIVE"])
def test_what_did_not_pass_can_neither_be_promoted_nor_rolled_back_to(registry, workspace, verdict):
    version, made = candidate(registry, workspace, verdict=verdict)
    with pytest.raises(SlumberError, match=verdict):
        promotion.promote(registry, version, verdict_digest=verdict_digest(made))
    with pytest.raises(SlumberError, match="was never champion"):
        promotion.rollback(registry, version.version)
    for number, reason in (("1", "serves already"), ("77", "has no version 77"), (None, "no previous")):
        with pytest.raises(SlumberError, match=reason):
            promotion.rollback(registry, number)
    assert reading.champion(registry).version == "1"


def test_another_verdict_than_the_recorded_one_does_not_promote(registry, workspace):
    version, made = candidate(registry, workspace)
    with pytest.raises(SlumberError, match="another verdict"):
        promotion.promote(registry, version, verdict_digest=verdict_digest(made.model_copy(update={"reasons": ()})))
    assert reading.champion(registry).version == "1"


@pytest.mark.parametrize("harm", ["changed", "added", "removed"])
def test_a_tampered_adapter_is_not_handed_out(registry, workspace, harm):
    version, _ = candidate(registry, workspace)
    (stored,) = (workspace.state / "mlflow" / "artifacts").rglob("adapter_config.json")
    {
        "changed": lambda: stored.write_text("{ }"),
        "added": lambda: (stored.parent / "more").write_text(""),
        "removed": lambda: [p.unlink() for p in stored.parent.rglob("*") if p.is_file()],
    }[harm]()
    with pytest.raises(SlumberError, match="tampered with or damaged"):
        reading.adapter_of(registry, version, workspace.root / "fetched")
    assert not (workspace.root / "fetched").exists()


def test_a_registry_without_champion_is_an_error_and_an_empty_one_is_not(registry, settings, workspace):
    empty = Registry(
        settings.model_copy(update={"registry": settings.registry.model_copy(update={"model_name": "new"})}), workspace
    )
    assert reading.champion(empty) is None and reading.history(empty) == []
    candidate(registry, workspace)
    registry.client.delete_registered_model_alias("slumber", "champion")
    with pytest.raises(SlumberError, match="2 versions and no champion"):
        reading.champion(registry)
    registration.ensure_night_zero(registry, base=BASE)
    with pytest.raises(SlumberError, match="no champion"):
        reading.champion(registry)
    assert promotion.rollback(registry, "1")[1].aliases == ("base", "champion")


def test_a_lost_alias_of_the_base_comes_back(registry):
    registry.client.delete_registered_model_alias("slumber", "base")
    assert registration.ensure_night_zero(registry, base=BASE).aliases == ("base", "champion")


def unreachable(settings, uri):
    return settings.model_copy(update={"registry": settings.registry.model_copy(update={"tracking_uri": uri})})


def test_an_unreachable_server_is_one_sentence_and_quick(settings, workspace):
    start = time.monotonic()
    with pytest.raises(RegistryUnreachable, match=r"cannot be reached.*champion is unchanged") as error:
        reading.champion(Registry(unreachable(settings, "http://me:secret@127.0.0.1:9"), workspace))
    assert time.monotonic() - start < 15 and "secret" not in str(error.value) and "\n" not in str(error.value)


def test_a_silent_server_is_given_up_within_twenty_seconds(settings, workspace, monkeypatch):
    assert connection.PREFLIGHT_SECONDS < 20
    monkeypatch.setattr(connection, "PREFLIGHT_SECONDS", 1.0)
    with socket.create_server(("127.0.0.1", 0)) as server:
        start = time.monotonic()
        with pytest.raises(RegistryUnreachable, match="cannot be reached"):
            reading.champion(Registry(unreachable(settings, f"http://127.0.0.1:{server.getsockname()[1]}"), workspace))
    assert time.monotonic() - start < 5


def test_a_damaged_database_is_one_sentence_and_quick(settings, workspace):
    path = workspace.state / "mlflow" / "mlflow.db"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"not a database, but long enough to look at" * 100)
    start = time.monotonic()
    with pytest.raises(RegistryUnreachable, match="file is not a database"):
        reading.champion(Registry(settings, workspace))
    assert time.monotonic() - start < 10


def test_a_database_of_another_mlflow_is_one_sentence(settings, workspace, migrated):
    with sqlite3.connect(workspace.state / "mlflow" / "mlflow.db") as database:
        database.execute("UPDATE alembic_version SET version_num = 'older'")
    database.close()
    with pytest.raises(RegistryUnreachable, match="mlflow db upgrade"):
        registration.ensure_night_zero(Registry(settings, workspace), base=BASE)


def test_the_place_is_the_setting_then_the_environment_then_the_workspace(settings, workspace, monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    assert Registry(settings, workspace).uri == f"sqlite:///{workspace.root}/.slumber/mlflow/mlflow.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://from.environment")
    assert Registry(settings, workspace).uri == "http://from.environment"
    assert Registry(unreachable(settings, "http://from.settings"), workspace).uri == "http://from.settings"


def _first_use(root, settings, out):
    out.put(type(Registry(settings, Workspace(root)).client).__name__)


def test_two_first_users_at_once_do_not_spoil_the_database(settings, tmp_path):
    context = multiprocessing.get_context("spawn")
    out = context.Queue()
    users = [context.Process(target=_first_use, args=(tmp_path, settings, out)) for _ in range(2)]
    for user in users:
        user.start()
    for user in users:
        user.join(120)
    assert [out.get(timeout=1) for _ in users] == ["MlflowClient"] * 2
    left = os.listdir(tmp_path / ".slumber" / "mlflow")
    assert "mlflow.db" in left and not [name for name in left if name.endswith(".part")]
