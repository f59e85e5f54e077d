"""What docs/scale.md says to do before the first night, and on a second host, done as it stands there."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from orchestration.environment import Deployment
from orchestration.instance import opened_instance
from orchestration.night import run_night_of
from steps.settings import REPOSITORY
from tests.deploy.commands import commands
from tests.remote.conftest import servers, stores  # noqa: F401  # fixtures

NIGHTS = "2026-11-21", "2026-11-22"


def shell(line, *, where, **places):
    for told, place in places.items():
        line = line.replace(f"/etc/{told}", str(place)).replace(f"~/{told}", str(place))
    path = os.pathsep.join([str(Path(sys.prefix) / "bin"), os.environ["PATH"]])
    environment = os.environ | {"PATH": path, "PYTHONPATH": os.pathsep.join([str(REPOSITORY), *sys.path])}
    subprocess.run(["bash", "-euc", line], check=True, cwd=where, env=environment)


@pytest.mark.timeout(900)
def test_two_hosts_by_the_page(tiny_settings, tmp_path, servers, stores):  # noqa: F811
    (postgres, _), (mlflow, dagster, bucket) = servers, stores
    page = REPOSITORY / "docs" / "scale.md"
    createdb, *first = commands(naming="createdb mlflow", page=page)
    assert createdb == "createdb mlflow && createdb dagster"
    (loop,) = commands(naming="slumber data $night", page=page)
    (key := tmp_path / "etc").mkdir()
    base = str(tiny_settings.model.local)
    runs = []
    for host in ("one", "other"):
        (tmp_path / host).mkdir()
        for line in first if host == "one" else [first[0], first[2]]:  # the key is drawn once
            shell(line, where=REPOSITORY, slumber=key, deployments=tmp_path / host)
        place = tmp_path / host / "support"
        shutil.rmtree(place / "inbox")
        (place / "inbox").mkdir()
        config = place / ".slumber" / "dagster" / "dagster.yaml"
        address = postgres.address(dagster, driver="+psycopg2")
        text = config.read_text()
        config.write_text(text.replace("postgresql+psycopg2://slumber@postgres/dagster", address))
        assert config.read_text() != text
        registry = {"tracking_uri": postgres.address(mlflow), "artifacts": f"s3://{bucket}/mlflow"}
        registry["key_file"] = str(key / "deployment.key")
        told = {"registry": registry, "datasets": {"remote": f"s3://{bucket}/dvc"}, "night": {"nice": 0}}
        told |= {"model": {"base": base, "device": "cpu"}, "schedule": {"inbox": "inbox"}}
        (place / "params.yaml").write_text(yaml.safe_dump(told))
        found = Deployment.find(workspace=place)
        if host == "other":
            shutil.copytree(tmp_path / "one" / "support" / "data", place / "data", ignore=only_sidecars)
            shell(loop, where=place)
            for path in (tmp_path / "one" / "support" / "data").glob("*/*.jsonl"):
                there = place / path.relative_to(tmp_path / "one" / "support")
                assert there.read_bytes() == path.read_bytes(), "all nights are there"
        for night in NIGHTS if host == "one" else ["2026-11-23"]:
            assert run_night_of(found, night).verdict.verdict == "NO_OP"
        with opened_instance(found.workspace) as instance:
            runs.append(instance.get_runs_count())
        assert not list((place / ".slumber" / "dagster").rglob("runs.db"))
        assert not (place / ".slumber" / "deployment.key").exists()
    assert runs == [2, 3], "both hosts' nights are in Postgres"
    assert (key / "deployment.key").stat().st_mode & 0o077 == 0


def only_sidecars(folder, names):
    return [name for name in names if name.endswith(".jsonl")]
