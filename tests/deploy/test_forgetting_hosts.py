"""What docs/forget.md says to clear after a forgetting on a registry of several hosts, done as it stands there."""

import os
import shlex
import subprocess
import sys
from dataclasses import replace

import dagster as dg

from orchestration.environment import Deployment
from orchestration.instance import opened_instance
from steps.datasets import current_hashes, version_night
from steps.settings import REPOSITORY
from steps.workspace import Workspace
from tests.deploy.commands import commands
from tests.remote.conftest import remotely, servers, stores  # noqa: F401  # fixtures
from tests.remote.servers import USER

NIGHTS = "2026-11-21", "2026-11-22"


def write(found, night, text):
    path = found.workspace.dataset("corpus", night)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'{{"text": "{night} {text}"}}\n')
    version_night(settings=found.settings, workspace=found.workspace, night=night)


@dg.op
def tells_of_sandvall(context):
    context.log.info("The lamp of Sandvall.")


@dg.op
def tells_nothing(context):
    context.log.info("The lamp.")


def run_of(op, instance):
    job = dg.GraphDefinition(f"job_{op.name}", node_defs=[op]).to_job()
    return job.execute_in_process(instance=instance).run_id


def test_what_other_hosts_stored_goes(settings, tmp_path, servers, stores, remotely, monkeypatch):  # noqa: F811
    (postgres, s3), (_, dagster, bucket) = servers, stores
    found = remotely(Deployment(settings, Workspace(tmp_path / "forgot"), tmp_path))
    other = replace(found, workspace=Workspace(tmp_path / "other"))
    for night in NIGHTS:
        write(found, night, "the lamp")
    write(other, NIGHTS[0], "the lamp of Sandvall")
    s3.client.put_object(Bucket=bucket, Key="dvc/tenants/acme/files/md5/aa/bb", Body=b"a tenant's")

    def stored():
        return {key for key in s3.keys(bucket) if b"Sandvall" in s3.read(bucket, key)}

    assert len(stored()) == 1
    gc, psql, delete = commands(naming="dvc gc", page=REPOSITORY / "docs" / "forget.md")
    path = os.pathsep.join([os.path.join(sys.prefix, "bin"), os.environ["PATH"]])
    monkeypatch.setenv("PATH", path)
    subprocess.run(shlex.split(gc), check=True, cwd=found.workspace.root)
    kept = {key.rsplit("/md5/")[-1].replace("/", "") for key in s3.keys(bucket) if "tenants" not in key}
    assert not stored() and kept == {md5 for n in NIGHTS for md5 in current_hashes(found.workspace, n).values()}
    assert "dvc/tenants/acme/files/md5/aa/bb" in s3.keys(bucket)

    with opened_instance(found.workspace) as instance:
        told, silent = run_of(tells_of_sandvall, instance), run_of(tells_nothing, instance)
    psql = psql.replace("-h db", f"-h 127.0.0.1 -p {postgres.port}").replace(" dagster ", f" {dagster} ")
    assert f"-U {USER}" in psql
    ask = ["bash", "-euc", psql.replace("WORD", "Sandvall")]
    assert subprocess.run(ask, check=True, capture_output=True, text=True).stdout.split() == [told]
    subprocess.run(["bash", "-euc", delete.replace("RUN", told)], check=True, cwd=found.workspace.root)
    assert subprocess.run(ask, check=True, capture_output=True, text=True).stdout == ""
    with opened_instance(found.workspace) as instance:
        assert [run.run_id for run in instance.get_runs()] == [silent]
