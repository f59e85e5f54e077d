"""What is on other machines is asked for a sign of life; what is not there, or not installed, is said in a sentence."""

import importlib.util
import re
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from orchestration.instance import dagster_home
from orchestration.storage import check_storage
from steps import stores
from steps.errors import SlumberError
from steps.registry import RegistryUnreachable, reading
from steps.registry.gateway import Registry
from steps.stores import artifact_location, check_stores, tracking_uri
from tests.remote.servers import free_port

NOBODY = "postgresql://owl:pa55@127.0.0.1:{port}/mlflow"


def remote(settings, *, registry=None, datasets=None, compute=None):
    changed = {"registry": registry or {}, "datasets": datasets or {}, "compute": compute or {}}
    return settings.model_copy(
        update={name: getattr(settings, name).model_copy(update=values) for name, values in changed.items()}
    )


@pytest.fixture
def nobody():
    """The address of a Postgres that is not there."""
    return NOBODY.format(port=free_port())


def needs(*libraries):
    for name in libraries:
        pytest.importorskip(name, reason="make remote")


def test_one_machine_asks_nobody(settings, workspace, monkeypatch):
    monkeypatch.setattr(stores, "tried", lambda *_: pytest.fail("somebody was asked"))
    check_stores(settings, workspace)
    check_stores(remote(settings, datasets={"remote": "/srv/dvc"}), workspace)
    check_storage(workspace)
    dagster_home(workspace)
    check_storage(workspace)


def test_a_postgres_that_is_away(settings, workspace, nobody):
    needs("psycopg2")
    away = remote(settings, registry={"tracking_uri": nobody})
    with pytest.raises(SlumberError, match=r"registry.tracking_uri .* cannot be used: .*Connection refused") as raised:
        check_stores(away, workspace)
    assert "\n" not in str(raised.value) and "pa55" not in str(raised.value)
    with pytest.raises(RegistryUnreachable, match="Connection refused"):  # at once, not after MLflow's minutes
        reading.history(Registry(away, workspace))
    home = dagster_home(workspace) / "dagster.yaml"
    plain = home.read_text()
    home.write_text(f"{plain}storage:\n  postgres:\n    postgres_url: {nobody}\n")
    with pytest.raises(SlumberError, match=re.escape("postgresql+psycopg2://USER@HOST/DATABASE as postgres_url")):
        check_storage(workspace)


@pytest.mark.parametrize("form", ["address", "variable", "parts"])
def test_dagsters_postgres_that_is_away(workspace, nobody, form, monkeypatch):
    needs("psycopg2", "dagster_postgres")
    address = nobody.replace("postgresql", "postgresql+psycopg2", 1)
    monkeypatch.setenv("DAGSTERS", address)
    port = nobody.split(":")[-1].split("/")[0]
    parts = f"{{username: owl, hostname: 127.0.0.1, port: {port}, db_name: x, scheme: postgresql+psycopg2}}"
    named = {"address": f"postgres_url: {address}", "variable": "postgres_url: {env: DAGSTERS}"}
    text = named.get(form, f"postgres_db: {parts}")
    home = dagster_home(workspace) / "dagster.yaml"
    home.write_text(f"{home.read_text()}storage:\n  postgres:\n    {text}\n")
    with pytest.raises(SlumberError, match=r"storage.postgres of dagster.yaml .* cannot be used: .*refused"):
        check_storage(workspace)


def test_a_bucket_that_is_away(settings, workspace, monkeypatch):
    needs("boto3", "dvc_s3")
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free_port()}")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "owl")
    for named in (
        {"registry": {"artifacts": "s3://nights/mlflow"}},
        {"datasets": {"remote": "s3://nights/dvc"}},
        {"compute": {"checkpoints": "s3://nights/jobs"}},
    ):
        with pytest.raises(SlumberError, match=r"\(s3://nights/\w+\) cannot be used: Could not connect") as raised:
            check_stores(remote(settings, **named), workspace)
        assert "\n" not in str(raised.value)
    (workspace.root / ".dvc").mkdir()
    told = "['remote \"slumber\"']\n    url = s3://nights/dvc\n    endpointurl = http://elsewhere\n"
    (workspace.root / ".dvc" / "config.local").write_text(told)
    check_stores(remote(settings, datasets={"remote": "s3://nights/dvc"}), workspace)  # DVC knows more of it than we


def test_a_bucket_that_does_not_exist(settings, workspace, monkeypatch):
    needs("boto3", "dvc_s3")

    class Empty(BaseHTTPRequestHandler):
        def do_HEAD(self):
            self.send_response(404)
            self.end_headers()

        def log_message(self, *_):
            pass

    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "owl")
    with HTTPServer(("127.0.0.1", 0), Empty) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
        with pytest.raises(SlumberError, match=r"bucket 'nights' of datasets.remote .* does not exist: create it"):
            check_stores(remote(settings, datasets={"remote": "s3://nights/dvc"}), workspace)
        server.shutdown()


def test_libraries_that_are_missing(settings, workspace, nobody, monkeypatch):
    found = importlib.util.find_spec
    monkeypatch.setattr(stores, "find_spec", lambda name: None if name in ("psycopg2", "dvc_s3") else found(name))
    for named in ({"registry": {"tracking_uri": nobody}}, {"datasets": {"remote": "s3://nights/dvc"}}):
        with pytest.raises(SlumberError, match=r"needs libraries that are not installed: pip install -e '.\[remote\]'"):
            check_stores(remote(settings, **named), workspace)


@pytest.mark.parametrize("password", ["Geheim%zz9", "Geheim/9", "Geh eim"])
def test_a_password_that_would_be_shown_is_asked_for_in_another_form(settings, workspace, password):
    found = remote(settings, registry={"tracking_uri": f"postgresql://slumber:{password}@db/mlflow"})
    with pytest.raises(SlumberError, match=r"~/\.pgpass") as raised:
        tracking_uri(found, workspace)
    assert "Geh" not in str(raised.value)


@pytest.mark.parametrize("address", ["slumber@db/mlflow", "slumber:a%2F9@db/mlflow", "db/mlflow?user=a@b/c"])
def test_other_addresses_are_taken(settings, workspace, address):
    found = remote(settings, registry={"tracking_uri": f"postgresql://{address}"})
    assert tracking_uri(found, workspace) == f"postgresql+psycopg2://{address}"


def test_where_files_of_versions_lie(settings, workspace):
    s3 = remote(settings, registry={"artifacts": "s3://nights/mlflow"})
    here = (workspace.state / "mlflow" / "artifacts").absolute().as_uri()
    assert artifact_location(tracking_uri(settings, workspace), settings, workspace) == here
    assert artifact_location("postgresql://db/mlflow", s3, workspace) == "s3://nights/mlflow"
    assert artifact_location("https://mlflow", s3, workspace) is None, "a server decides by itself"
