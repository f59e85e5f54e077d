"""deploy/kubernetes against the schemas of Kubernetes, and against what docs/deploy.md promises of every pod."""

import copy
import re
import shutil
import subprocess

import pytest
import yaml

from tests.deploy.commands import commands
from tests.deploy.composed import DEPLOY, SERVICES, needs_validators

VERSION = "1.37"  # of Kubernetes
OURS = {"nights", "daemon", "dagster", "mlflow", "serve", "metrics"}
COPIED = "workspace"  # the pod that does nothing while its disk is copied


def manifests():
    paths = sorted((DEPLOY / "kubernetes").glob("*.yaml"))
    return [found for path in paths for found in yaml.safe_load_all(path.read_text())]


def pods():
    found = [manifest["spec"] for manifest in manifests() if manifest["kind"] in ("StatefulSet", "Deployment")]
    return [spec["template"]["spec"] for spec in found]


def containers():
    return {one["name"]: one for pod in pods() for one in pod["containers"]}


def check_manifest(value):
    import kubernetes_validate

    kubernetes_validate.validate(value, VERSION, strict=True)


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
@pytest.mark.skipif(shutil.which("kubectl") is None, reason="there is no kubectl")
def test_what_is_offered_in_comments_is_taken(tmp_path):
    shutil.copytree(DEPLOY, tmp_path / "deploy", ignore=shutil.ignore_patterns("secrets", "inbox"))
    chosen = tmp_path / "deploy" / "kustomization.yaml"
    text = re.sub(r"^#(patches|  .*)", r"\1", chosen.read_text(), flags=re.MULTILINE).replace("# newName", "newName")
    chosen.write_text(text.replace("namespace: slumber ", "namespace: other "))
    where = tmp_path / "deploy" / "kubernetes" / "where.env"
    where.write_text(re.sub("^#([A-Z])", r"\1", where.read_text(), flags=re.MULTILINE))
    built = subprocess.run(["kubectl", "kustomize", chosen.parent], capture_output=True, text=True, check=True).stdout
    found = list(yaml.safe_load_all(built))
    for manifest in found:
        check_manifest(manifest)
        assert manifest["metadata"].get("namespace", manifest["metadata"]["name"]) == "other"
    pods = [m["spec"]["template"]["spec"] for m in found if "template" in m.get("spec", {})]
    assert len(pods) == 4
    for pod in pods:
        assert pod["imagePullSecrets"] == [{"name": "registry"}] and pod["serviceAccountName"] == "slumber"
        assert {c["image"] for c in pod["containers"]} == {"registry.example.com/team/slumber:cpu"}
    (where,) = [m["data"] for m in found if m["kind"] == "ConfigMap" and m["metadata"]["name"].startswith("where")]
    assert where["SLUMBER_LOG"] == "json" and "OTEL_EXPORTER_OTLP_ENDPOINT" in where


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
            probed = {"startupProbe", "livenessProbe"} <= container.keys()
            assert "env" not in container and probed == (container["name"] != COPIED)
    assert not any(manifest["kind"] == "Secret" for manifest in manifests())
    policies = [manifest["spec"] for manifest in manifests() if manifest["kind"] == "NetworkPolicy"]
    assert {"podSelector": {}, "policyTypes": ["Ingress"]} in policies, "closed unless said otherwise"
    services = [manifest["spec"] for manifest in manifests() if manifest["kind"] == "Service"]
    assert {service.get("type", "ClusterIP") for service in services} == {"ClusterIP", "ExternalName"}


def test_kubernetes_runs_and_asks_what_compose_does():
    """So that what is run of the one (test_running.py) holds for the other."""
    assert containers().keys() == OURS | {COPIED}
    for name in OURS:
        container = containers()[name]
        service = SERVICES[name]
        assert container["args"] == service["command"] and "command" not in container
        for probe in ("startupProbe", "livenessProbe"):
            assert ["CMD", *container[probe]["exec"]["command"]] == service["healthcheck"]["test"]
        mounts = {mount["mountPath"] for mount in container["volumeMounts"]}
        assert mounts == {"/srv/slumber", "/etc/slumber", "/run/secrets", "/tmp"}
        published = [port["containerPort"] for port in container.get("ports", [])]
        assert published == [int(port.split(":")[-1]) for port in service.get("ports", [])]


def test_the_lines_of_the_page_name_what_there_is():
    found = {f"{m['kind'].lower()}/{m['metadata']['name']}": m["spec"] for m in manifests() if "spec" in m}
    first = commands(naming="kubectl create secret")
    assert [line for line in first if "kubernetes/" in line] == ["kubectl apply -f deploy/kubernetes/namespace.yaml"]
    (waited,) = [line for line in first if " status " in line]
    assert waited.split()[3] in found and first.index(waited) < min(n for n, one in enumerate(first) if " exec " in one)
    lines = commands(naming="kubectl scale")
    scaled = [word for line in lines if " scale " in line for word in line.split()[2:] if "/" in word]
    assert {*scaled} == {name for name, spec in found.items() if "replicas" in spec}
    copier = found[f"deployment/{COPIED}"]
    assert copier["replicas"] == 0 and "secrets" not in str(copier), "it has no password"
    asked = [pod for line in lines if " wait " in line for pod in re.findall(r"pod/(\w+)-0", line)]
    holding = {m["metadata"]["name"] for m in manifests() if "claimName" in str(m)} - {COPIED}
    assert {*asked} == holding, "nobody else has the disk"
    (mount,) = copier["template"]["spec"]["containers"][0]["volumeMounts"]
    assert all(mount["mountPath"] in line for line in lines if " exec " in line)
