"""deploy/ against the schemas of what reads it, and against what docs/deploy.md promises of every container."""

import copy
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest
import yaml
from jsonschema import ValidationError
from jsonschema.validators import validator_for

from orchestration import instance
from steps.params import load_settings
from steps.settings import REPOSITORY
from tests.deploy.composed import DEPLOY, read_compose
from tests.deploy.images import image_of, stages

VERSION = "1.37"  # of Kubernetes
OVERRIDES = [DEPLOY / "compose.yaml", DEPLOY / "compose.gpu.yaml"]
SERVICES = read_compose()["services"]
ONCE = {"s3-folder", "bucket"}
OURS = {"nights", "daemon", "dagster", "mlflow", "serve"}
SECRET = re.compile("password|passwd|secret|token|credential|access_key", re.IGNORECASE)

needs_validators = pytest.mark.skipif(
    importlib.util.find_spec("kubernetes_validate") is None, reason="the validators are not installed: make remote"
)


def manifests():
    paths = sorted((DEPLOY / "kubernetes").glob("*.yaml"))
    return [found for path in paths for found in yaml.safe_load_all(path.read_text())]


def pods():
    found = [manifest["spec"] for manifest in manifests() if manifest["kind"] in ("StatefulSet", "Deployment")]
    return [spec["template"]["spec"] for spec in found]


def containers():
    return {one["name"]: one for pod in pods() for one in pod["containers"]}


def check_compose(value):
    schema = json.loads((files("check_jsonschema") / "builtin_schemas/vendor/compose-spec.json").read_text())
    validator_for(schema)(schema).validate(value)


def check_manifest(value):
    import kubernetes_validate

    kubernetes_validate.validate(value, VERSION, strict=True)


def linted(path):
    where = os.pathsep.join([str(Path(sys.prefix) / "bin"), os.environ["PATH"]])
    program = shutil.which("hadolint", path=where)
    return subprocess.run([program, "--no-color", str(path)], capture_output=True, text=True)


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


@needs_validators
@pytest.mark.parametrize("manifest", manifests(), ids=lambda m: f"{m['kind']} {m['metadata']['name']}")
def test_manifests_are_what_their_schemas_say(manifest):
    check_manifest(manifest)


@needs_validators
def test_a_broken_manifest_is_refused():
    from kubernetes_validate import ValidationError as Refused

    good = next(manifest for manifest in manifests() if manifest["kind"] == "StatefulSet")
    for change in (
        lambda container: container["securityContext"].update(readOnlyRootFileSystem=True),
        lambda container: container.update(image=3),
        lambda container: container.update(args="slumber serve"),
    ):
        broken = copy.deepcopy(good)
        change(broken["spec"]["template"]["spec"]["containers"][0])
        with pytest.raises(Refused):
            check_manifest(broken)


@needs_validators
@pytest.mark.skipif(shutil.which("kubectl") is None, reason="there is no kubectl")
@pytest.mark.parametrize("gpus", [False, True], ids=["cpu", "gpu"])
def test_kustomize_puts_them_together(gpus, tmp_path):
    shutil.copytree(DEPLOY, tmp_path / "deploy", ignore=shutil.ignore_patterns("secrets", "inbox"))
    chosen = tmp_path / "deploy" / "kustomization.yaml"
    text = chosen.read_text()
    if gpus:
        text = text.replace("components: []", "components: [kubernetes/gpu]").replace("newTag: cpu", "newTag: gpu")
        chosen.write_text(text)
    built = subprocess.run(["kubectl", "kustomize", chosen.parent], capture_output=True, text=True, check=True).stdout
    found = list(yaml.safe_load_all(built))
    for manifest in found:
        check_manifest(manifest)
        assert manifest["metadata"].get("namespace", manifest["metadata"]["name"]) == "slumber"
    assert len(found) == len(manifests()) + len(yaml.safe_load(text)["configMapGenerator"])
    assert set(re.findall(r"image: (\S+)", built)) == {"slumber:gpu" if gpus else "slumber:cpu"}
    assert len(re.findall("nvidia.com/gpu", built)) == (2 if gpus else 0)


@needs_validators
def test_the_dockerfile_is_clean_and_a_careless_one_is_not(tmp_path):
    assert (found := linted(DEPLOY / "Dockerfile")).returncode == 0, found.stdout
    for line in ("RUN cd /tmp && pip install torch", "RUNN true", "USER root", "RUN echo $(date"):
        (tmp_path / "Dockerfile").write_text((DEPLOY / "Dockerfile").read_text() + f"\n{line}\n")
        assert linted(tmp_path / "Dockerfile").returncode, line


def test_the_image_is_made_of_what_is_pinned_and_of_what_the_wheel_needs():
    every = stages(DEPLOY / "Dockerfile")
    commands = [c for rest in every.values() for name, text in rest if name == "RUN" for c in text.split("&&")]
    installs = [command.split() for command in commands if "pip install" in command]
    assert len(installs) == 5
    for words in installs:
        named = [words[number + 1] for number, word in enumerate(words) if word == "-r"]
        assert all((REPOSITORY / name).is_file() for name in named)
        assert ("--require-hashes" in words and named) or words[-1].strip("'").startswith("."), words
    cpu, gpu = (image_of(DEPLOY / "Dockerfile", stage, base={"PATH": "/bin"}) for stage in ("cpu", "gpu"))
    assert cpu == gpu and cpu.user == "10001:10001" and cpu.environment["PATH"] == "/opt/slumber/bin:/bin"
    allowed = {line[1:] for line in (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines() if line[0] == "!"}
    wheel = re.search(r"only-include = (\[.*\])", (REPOSITORY / "pyproject.toml").read_text())
    assert set(json.loads(wheel[1])) <= allowed and {source for source, *_ in cpu.copies} <= allowed
    assert not {"tests", "docs", "deploy", ".git", "data"} & allowed


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
    for key, value in service.get("environment", {}).items():
        assert not SECRET.search(key) or (key.endswith("_FILE") and value.startswith("/run/secrets/")), key


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
    assert file["networks"]["state"] == {"internal": True}, "databases are nobody's beyond it"


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
    assert not any(manifest["kind"] == "Secret" for manifest in manifests())


def test_pods_may_do_little():
    for pod in pods():
        assert pod["automountServiceAccountToken"] is False and not pod.get("hostNetwork")
        context = pod["securityContext"]
        assert context["runAsNonRoot"] and context["runAsUser"] == 10001
        assert context["seccompProfile"] == {"type": "RuntimeDefault"}
        for container in pod["containers"]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
            assert (
                {"cpu", "memory"}
                == container["resources"]["limits"].keys()
                == container["resources"]["requests"].keys()
            )
            assert "env" not in container and {"startupProbe", "livenessProbe"} <= container.keys()
    policies = [manifest["spec"] for manifest in manifests() if manifest["kind"] == "NetworkPolicy"]
    assert {"podSelector": {}, "policyTypes": ["Ingress"]} in policies, "closed unless said otherwise"
    services = [manifest["spec"] for manifest in manifests() if manifest["kind"] == "Service"]
    assert {service.get("type", "ClusterIP") for service in services} == {"ClusterIP", "ExternalName"}


def test_kubernetes_runs_and_asks_what_compose_does():
    """So that what is run of the one (test_running.py) holds for the other."""
    assert containers().keys() == OURS
    for name, container in containers().items():
        service = SERVICES[name]
        assert container["args"] == service["command"] and "command" not in container
        for probe in ("startupProbe", "livenessProbe"):
            assert ["CMD", *container[probe]["exec"]["command"]] == service["healthcheck"]["test"]
        mounts = {mount["mountPath"] for mount in container["volumeMounts"]}
        assert mounts == {"/srv/slumber", "/etc/slumber", "/run/secrets", "/tmp"}
        published = [port["containerPort"] for port in container.get("ports", [])]
        assert published == [int(port.split(":")[-1]) for port in service.get("ports", [])]


def test_settings_are_settings():
    settings = load_settings(DEPLOY / "params.yaml")
    assert settings.serve.host == settings.ui.host == "0.0.0.0" and settings.keys == DEPLOY / "keys"
    text = (DEPLOY / "dagster.yaml").read_text()
    assert text.startswith(instance._YAML), "what a workspace's own begins with"
    assert list(yaml.safe_load(text.removeprefix(instance._YAML))) == ["storage"]
    named = yaml.safe_load(text)["storage"]["postgres"]["postgres_url"]
    assert named.partition("://")[2].split("/")[0] == settings.registry.tracking_uri.partition("://")[2].split("/")[0]
