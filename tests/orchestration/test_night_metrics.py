"""`slumber metrics`: what node_exporter's textfile collector reads of a deployment's nights, in both of its formats."""

import re
import shutil
import tarfile
from datetime import UTC, datetime, timedelta

import pytest
import yaml
from typer.testing import CliRunner

from orchestration.alerts import record_alert
from orchestration.cli import app
from orchestration.missed import note_schedule
from steps.settings import REPOSITORY, ScheduleSettings
from steps.workspace import Workspace

openmetrics = pytest.importorskip("prometheus_client.openmetrics.parser")
older = pytest.importorskip("prometheus_client.parser")


@pytest.fixture(scope="module")
def _unpacked(tmp_path_factory):
    with tarfile.open(REPOSITORY / "tests" / "fixtures" / "workspace-a8d1df0.tar.xz") as archive:
        archive.extractall(folder := tmp_path_factory.mktemp("metrics"), filter="data")
    return folder / "old"


@pytest.fixture
def old(_unpacked, tmp_path):
    """A workspace with nights in it."""
    return shutil.copytree(_unpacked, tmp_path / "old")


def told(*arguments):
    done = CliRunner().invoke(app, ["metrics", *map(str, arguments)])
    assert done.exit_code == 0, done.output
    return done.stdout


def samples(text):
    families = list(openmetrics.text_string_to_metric_families(text))
    assert {family.type for family in families} == {"gauge"}, "node_exporter knows no other type of both formats"
    found = {(s.name, *s.labels.values()): s.value for family in families for s in family.samples}
    assert found == {
        (s.name, *s.labels.values()): s.value
        for family in older.text_string_to_metric_families(text)
        for s in family.samples
    }
    return found


def test_a_deployments_nights(old, tmp_path):
    found = samples(told("--workspace", old))
    verdicts = {key[1]: value for key, value in found.items() if key[0] == "slumber_last_night_verdict"}
    assert sum(verdicts.values()) == 1 and verdicts.keys() == {"PROMOTE", "REJECT", "INCONCLUSIVE", "NO_OP"}
    assert found["slumber_last_night_end_timestamp_seconds",] > 0
    assert found["slumber_last_night_step_seconds", "ingest"] >= 0
    right, asked = (found[f"slumber_last_night_probes_{what}", "after"] for what in ("right", "asked"))
    assert 0 <= right <= asked and asked == found["slumber_last_night_probes_asked", "before"]
    assert found["slumber_champion_version",] == 3
    assert found["slumber_schedule_on",] == found["slumber_missed_nights",] == found["slumber_night_running",] == 0
    out = tmp_path / "slumber.prom"
    assert told("--workspace", old, "--out", out) == "" and samples(out.read_text()).keys() == found.keys()


def test_nights_that_were_missed(old):
    now = datetime.now(UTC)
    note_schedule(ScheduleSettings(), Workspace(old), started=(now - timedelta(days=3)).timestamp(), now=now)
    found = samples(told("--workspace", old))
    assert found["slumber_schedule_on",] == 1 and found["slumber_missed_nights",] in (2, 3)


def test_whatever_status_calls_an_alert_is_counted(old):
    before = samples(told("--workspace", old))["slumber_alerts",]
    record_alert(Workspace(old), night="2026-11-21", run_id="r", message="It failed.")
    path = old / "params.yaml"
    knobs = yaml.safe_load(path.read_text()) if path.exists() else {}
    knobs["registry"] = {**knobs.get("registry", {}), "key_file": "gone"}
    path.write_text(yaml.safe_dump(knobs))
    assert samples(told("--workspace", old))["slumber_alerts",] == before + 2
    shown = CliRunner().invoke(app, ["status", "--workspace", str(old)]).output
    assert len(re.findall("^│alert ", shown, re.MULTILINE)) == before + 2


def test_before_the_first_night(tmp_path):
    found = samples(told("--workspace", tmp_path))
    assert "slumber_last_night_end_timestamp_seconds" not in {key[0] for key in found}, "what is missing is no zero"
    assert found["slumber_waiting", "diary"] == 0
