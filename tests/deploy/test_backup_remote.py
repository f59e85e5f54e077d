"""Databases and a bucket, dumped and restored on other servers with the workspace: the champion is there, as judged."""

import shlex
import shutil
import subprocess

import pytest

from orchestration.environment import Deployment
from orchestration.instance import dagster_home, opened_instance
from steps.errors import SlumberError
from steps.registry import Registry, reading, registration
from steps.workspace import Workspace, file_sha256
from tests.awake.adapters import adapter_in
from tests.deploy.commands import commands
from tests.examined import FIRST, slept
from tests.remote.conftest import remotely, servers, stores  # noqa: F401  # fixtures
from tests.remote.servers import USER, Postgres


def databases_of(lines, postgres, folder, names):
    """Run the lines that are about databases, with this server for `db` and these names for theirs."""
    lines = [line for line in lines if line.startswith(("createdb", "pg_"))]
    assert len(lines) in (2, 4)
    for line in lines:
        name, *words = shlex.split(line.replace("~/backup", str(folder)))
        for place in {len(words) - 1, *(n + 1 for n, word in enumerate(words) if word == "--dbname")}:
            words[place] = names.get(words[place], words[place])
        where = words.index("db")
        assert words[where - 3 : where + 1] == ["-U", USER, "-h", "db"]
        words[where : where + 1] = ["127.0.0.1", "-p", str(postgres.port)]
        subprocess.run([postgres.programs / name, *words], check=True, env={"PGPASSFILE": str(postgres.passwords)})


@pytest.fixture
def other(servers):  # noqa: F811
    postgres = Postgres(servers[0].programs)
    postgres.start()
    yield postgres
    postgres.close()


@pytest.mark.timeout(900)
@pytest.mark.usefixtures("planted_verdicts")
def test_the_champion_comes_back(tiny_settings, workspace, tmp_path, servers, stores, remotely, other, monkeypatch):  # noqa: F811
    (postgres, s3), (*databases, bucket) = servers, stores
    found = remotely(Deployment(tiny_settings, workspace, tmp_path))
    with opened_instance(workspace) as instance:
        instance.run_storage.set_cursor_values({"slumber": "was here"})
    registration.ensure_night_zero(Registry(found.settings, workspace), base={"name": "tiny"})
    adapter = adapter_in(tmp_path / "adapter", tiny_settings, seed=1)
    assert slept(found.settings, workspace, night=FIRST, adapter=adapter).promoted
    before = reading.history(Registry(found.settings, workspace))
    assert before[0].aliases == ("candidate", "champion")

    (backup := tmp_path.parent / f"{tmp_path.name}-backup").mkdir()
    names = dict(zip(("mlflow", "dagster"), databases, strict=True))
    databases_of(commands(naming="aws s3 sync s3://nights"), postgres, backup, names)
    objects = {key: s3.read(bucket, key) for key in s3.keys(bucket)}
    restored = Workspace(shutil.copytree(workspace.root, tmp_path.parent / f"{tmp_path.name}-elsewhere"))
    for key in objects:
        s3.client.delete_object(Bucket=bucket, Key=key)

    monkeypatch.setenv("PGPASSFILE", str(other.passwords))
    databases_of(commands(naming="backup/bucket s3://nights"), other, backup, names)
    config = dagster_home(restored) / "dagster.yaml"
    config.write_text(config.read_text().replace(f":{postgres.port}/", f":{other.port}/"))
    knobs = found.settings.registry.model_copy(update={"tracking_uri": other.address(databases[0])})
    registry = Registry(found.settings.model_copy(update={"registry": knobs}), restored)
    postgres.die()
    try:
        champion = reading.champion(registry)
        assert champion == before[0] and reading.history(registry) == before
        with pytest.raises(SlumberError, match="not the one that was examined"):
            reading.adapter_of(registry, champion, restored.root / "serving")
        for key, body in objects.items():
            s3.client.put_object(Bucket=bucket, Key=key, Body=body)
        brought = reading.adapter_of(registry, champion, restored.root / "serving")
        assert file_sha256(brought) == champion.adapter_sha256 and reading.intact(registry, champion)
        assert [entry.action for entry in reading.trail(registry)] == ["register", "register", "promote"]
        with opened_instance(restored) as instance:
            assert instance.run_storage.get_cursor_values({"slumber"}) == {"slumber": "was here"}
    finally:
        postgres.start()
