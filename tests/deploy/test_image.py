"""deploy/Dockerfile, and the settings that its containers are given."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import yaml
from hatchling.build import build_wheel

from orchestration import instance
from steps.params import load_settings
from steps.settings import REPOSITORY
from tests.deploy.composed import DEPLOY, needs_validators
from tests.deploy.images import image_of, stages


def linted(path):
    where = os.pathsep.join([str(Path(sys.prefix) / "bin"), os.environ["PATH"]])
    program = shutil.which("hadolint", path=where)
    return subprocess.run([program, "--no-color", str(path)], capture_output=True, text=True)


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


def test_its_context_is_all_that_the_wheel_is_made_of(tmp_path, monkeypatch):
    lines = (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines()
    assert "*" in lines, "what is not named stays out: state, secrets, tests"
    allowed = [path for line in lines if line.startswith("!") for path in REPOSITORY.glob(line[1:])]
    context = tmp_path / "context"
    for path in allowed:
        target = context / path.relative_to(REPOSITORY)
        target.parent.mkdir(parents=True, exist_ok=True)
        copy = shutil.copytree if path.is_dir() else shutil.copy
        copy(path, target, **({"ignore": shutil.ignore_patterns("__pycache__")} if path.is_dir() else {}))
    for source, *_ in image_of(DEPLOY / "Dockerfile", "cpu", base={"PATH": "/bin"}).copies:
        assert (context / source).is_file()
    assert not (context / "tests").exists() and not (context / ".git").exists()
    held = []
    for place in (context, REPOSITORY):
        monkeypatch.chdir(place)
        (built := tmp_path / f"wheel-{len(held)}").mkdir()
        with zipfile.ZipFile(built / build_wheel(str(built))) as wheel:
            held.append({name for name in wheel.namelist() if "__pycache__" not in name})
    assert held[0] == held[1]


def test_settings_are_settings():
    settings = load_settings(DEPLOY / "params.yaml")
    assert settings.serve.host == settings.ui.host == "0.0.0.0" and settings.keys == DEPLOY / "keys"
    text = (DEPLOY / "dagster.yaml").read_text()
    assert text.startswith(instance._YAML), "what a workspace's own begins with"
    assert list(yaml.safe_load(text.removeprefix(instance._YAML))) == ["storage"]
    named = yaml.safe_load(text)["storage"]["postgres"]["postgres_url"]
    assert named.partition("://")[2].split("/")[0] == settings.registry.tracking_uri.partition("://")[2].split("/")[0]
