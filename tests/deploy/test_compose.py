"""deploy/compose.yaml against the specification of Compose, and what docs/deploy.md promises of every service."""

import json
import re
import shutil
import subprocess
from importlib.resources import files

import pytest
from jsonschema import ValidationError
from jsonschema.validators import validator_for

from steps.settings import REPOSITORY
from tests.deploy.composed import DEPLOY, SERVICES, needs_validators, read_compose, resolved

OVERRIDES = [DEPLOY / "compose.yaml", DEPLOY / "compose.gpu.yaml"]
ONCE = {"s3-folder", "bucket"}
SECRET = re.compile("password|passwd|secret|token|credential|access_key", re.IGNORECASE)


def check_compose(value):
    schema = json.loads((files("check_jsonschema") / "builtin_schemas/vendor/compose-spec.json").read_text())
    validator_for(schema)(schema).validate(value)


@needs_validators
@pytest.mark.parametrize("path", OVERRIDES, ids=lambda path: path.name)
def test_compose_is_what_its_specification_says(path):
    check_compose(read_compose(path))


@needs_validators
@pytest.mark.parametrize(
    "broken",
    [{"memory": "1g"}, {"healthcheck": {"test": 3}}, {"read_only": [True]}, {"ports": "127.0.0.1:1:1"}],
    ids=lambda broken: next(iter(broken)),
)
def test_a_broken_compose_is_refused(broken):
    value = read_compose()
    value["services"]["serve"] |= broken
    with pytest.raises(ValidationError):
        check_compose(value)


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_may_do_little_and_shows_itself_to_this_host_alone(name):
    service = SERVICES[name]
    assert service["read_only"] is True and service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"] and "privileged" not in service
    root = name == "s3-folder"  # gives a new volume to its owner, has no network, and ends
    assert service["user"].startswith("0:") == root and service.get("cap_add", []) == (["CHOWN"] if root else [])
    assert {"cpus", "memory", "pids"} <= service["deploy"]["resources"]["limits"].keys()
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))
    assert ("healthcheck" in service) != (name in ONCE)
    assert "env_file" not in service
    for key, value in resolved(service.get("environment", {})).items():
        assert not SECRET.search(key) or (key.endswith("_FILE") and value.startswith("/run/secrets/")), key


def test_logs_and_traces_are_asked_for_by_variables_of_the_caller(monkeypatch):
    names = ("SLUMBER_LOG", "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_SERVICE_NAME")
    ours = [name for name, service in SERVICES.items() if service["image"].startswith("slumber:")]
    for name in names:
        monkeypatch.delenv(name, raising=False)
    for name in ours:
        given = SERVICES[name]["environment"]
        assert set(names) <= given.keys() and not set(names) & resolved(given).keys(), "off unless asked for"
    monkeypatch.setenv("SLUMBER_LOG", "json")
    assert resolved(SERVICES["nights"]["environment"])["SLUMBER_LOG"] == "json"


def test_what_services_name_is_declared_and_is_there(tmp_path):
    file = read_compose()
    shutil.copy(DEPLOY / "secrets.sh", tmp_path)
    subprocess.run(["sh", tmp_path / "secrets.sh"], check=True, capture_output=True)
    for service in SERVICES.values():
        assert set(service.get("secrets", [])) <= file["secrets"].keys()
        assert {config["source"] for config in service.get("configs", [])} <= file["configs"].keys()
        assert set(service.get("networks", [])) <= file["networks"].keys()
        assert set(service.get("depends_on", {})) <= SERVICES.keys()
        for source in (entry.split(":")[0] for entry in service.get("volumes", [])):
            assert source in file["volumes"] or source.startswith("./")
    assert {entry["file"] for entry in file["secrets"].values()} == {
        f"secrets/{path.name}" for path in (tmp_path / "secrets").iterdir()
    }
    assert all((DEPLOY / entry["file"]).is_file() for entry in file["configs"].values())
    reached = {name: set(service.get("networks", [])) for name, service in file["services"].items()}
    inner = {name for name, network in file["networks"].items() if network.get("internal")}
    for name in ("postgres", "s3", "bucket", "daemon"):
        assert reached[name] <= inner, "databases are nobody's beyond it"
    beside = {name for name, networks in reached.items() if networks & reached["nights"]} - {"nights"}
    assert beside == {"daemon", "dagster", "postgres", "s3"}, "whoever reaches the code server may start nights"
    assert not reached["serve"] & reached["mlflow"]


def test_secrets_are_drawn_once_and_closed_to_others(tmp_path):
    shutil.copy(DEPLOY / "secrets.sh", tmp_path)
    made = subprocess.run(["sh", tmp_path / "secrets.sh"], capture_output=True, text=True, check=True)
    folder = tmp_path / "secrets"
    before = {path.name: path.read_text() for path in folder.iterdir()}
    password = before["postgres-password"]
    assert len(password) == 48 and password in before["pgpass"] and len(set(before.values())) == 4
    assert not any(secret in made.stdout + made.stderr for secret in (password, *before["aws"].split()[3::3]))
    assert folder.stat().st_mode & 0o777 == 0o700
    again = subprocess.run(["sh", tmp_path / "secrets.sh"], capture_output=True, text=True)
    assert again.returncode == 2 and "already" in again.stderr
    assert before == {path.name: path.read_text() for path in folder.iterdir()}


def test_git_keeps_no_secret():
    ignored = subprocess.run(["git", "check-ignore", "deploy/secrets/pgpass"], cwd=REPOSITORY, capture_output=True)
    assert ignored.returncode == 0
    for path in (path for path in DEPLOY.rglob("*") if path.is_file() and "secrets" not in path.parts):
        assert not re.search(r"(password|secret_access_key)\s*[:=]\s*[A-Za-z0-9/+]{8,}$", path.read_text(), re.M), path
