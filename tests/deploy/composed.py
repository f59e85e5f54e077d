"""deploy/compose.yaml as Docker reads it, its services brought up in its order with what is on this machine."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml

from steps.settings import REPOSITORY
from tests.deploy.containers import Container, Network, Running, run_once
from tests.deploy.images import image_of
from tests.remote.servers import postgres_programs

DEPLOY = REPOSITORY / "deploy"
# What the image of Postgres does with a new volume, before it runs its command.
_INITIALLY = """
initdb --username "$POSTGRES_USER" --pwfile "$POSTGRES_PASSWORD_FILE" $POSTGRES_INITDB_ARGS
echo "CREATE DATABASE $POSTGRES_DB;" | postgres --single postgres
postgres --single "$POSTGRES_DB" </docker-entrypoint-initdb.d/databases.sql
"""
needs_validators = pytest.mark.skipif(
    find_spec("kubernetes_validate") is None, reason="the validators are not installed: make remote"
)
_SYSTEM = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def read_compose(path: Path = DEPLOY / "compose.yaml") -> dict[str, Any]:
    """The file with its anchors merged and its variables at their defaults, or as the environment has them."""
    text = re.sub(r"\$\{(\w+):-([^}]*)\}", lambda found: os.environ.get(found[1]) or found[2], path.read_text())
    return yaml.safe_load(text)


SERVICES: dict[str, Any] = read_compose()["services"]


def resolved(environment: dict[str, str | None]) -> dict[str, str]:
    """What a service's variables are: those without a value are the caller's, and not set if he has none."""
    found = {name: os.environ.get(name) if value is None else value for name, value in environment.items()}
    return {name: value for name, value in found.items() if value is not None}


class Composed:
    """The services of a copy of ``deploy/`` in ``folder``, which has ``secrets/`` already; volumes lie beside it."""

    def __init__(self, folder: Path, deploy: Path):
        self.folder, self.deploy, self.file = folder, deploy, read_compose(deploy / "compose.yaml")
        self.network, self.running, self.ended = Network(), dict[str, Running](), dict[str, int]()

    def container(self, name: str) -> Container:
        """A service as a container."""
        service = self.file["services"][name]
        other = not service["image"].startswith("slumber:")
        image = image_of(DEPLOY / "Dockerfile", "cpu", base={"PATH": _SYSTEM})
        environment = {"PATH": _path_of_others()} if other else image.environment | _here()
        container = Container(
            name=name,
            command=[*service.get("entrypoint", [] if other else image.entrypoint), *service.get("command", [])],
            environment=environment | resolved(service.get("environment", {})),
            folder="/" if other else image.folder,
            user=service["user"],
            rights=service.get("cap_add", []),
            tmpfs=[entry.split(":")[0] for entry in service.get("tmpfs", [])],
            hosts=tuple(self.file["services"]),
        )
        assert service["read_only"] and service["cap_drop"] == ["ALL"], name
        if other:
            container.root.append(
                "echo 'owner:x:999:999::/tmp:/bin/sh' >>$R/etc/passwd"
            )  # as the image of Postgres has
        else:
            container.root += [f"chroot $R sh -euc '{line}'" for line in image.runs]
            container.root += [
                f"install -m {mode} {REPOSITORY / source} $R{target}" for source, target, mode in image.copies
            ]
            container.root.append(f"ln -s {sys.prefix} $R/opt/slumber")
            # A Python in root's home is no other user's, but in the image it is everybody's.
            container.root += [f"chmod o+rx $R{folder}" for folder in Path(sys.executable).resolve().parents[:-1]]
        container.mounts += [(place, str(place), False) for place in _hidden(container)]
        container.mounts += [self._mount(entry) for entry in service.get("volumes", [])]
        for secret in service.get("secrets", []):
            container.mounts.append((self._file("secrets", secret), f"/run/secrets/{secret}", False))
        for config in service.get("configs", []):
            container.mounts.append((self._file("configs", config["source"]), config["target"], False))
        return container

    def start(self, name: str) -> Running:
        """Start a service."""
        container = self.container(name)
        if name == "postgres" and not (self.folder / "volumes" / "postgres" / "PG_VERSION").exists():
            first = run_once(replace(container, command=["sh", "-euc", _INITIALLY]), self.network)
            assert first.returncode == 0, first.stderr
        self.running[name] = Running(container, self.network, self.folder / f"{name}.log")
        return self.running[name]

    def once(
        self, name: str, command: list[str], *, entrypoint: str | None = None, **streams: Any
    ) -> subprocess.CompletedProcess:
        """Run another command as a service, as `docker compose run` does."""
        container = self.container(name)
        if command or entrypoint:
            before = len(self.file["services"][name].get("command", []))
            begun = [entrypoint] if entrypoint else container.command[: len(container.command) - before]
            container.command = [*begun, *command]
        return run_once(container, self.network, **streams)

    def stop(self, *names: str) -> None:
        """Stop services as `docker compose stop` does, in the time that they are given; ``ended``: how each did."""
        for name in names:
            self.running[name].signal(signal.Signals[self.file["services"][name].get("stop_signal", "SIGTERM")])
        for name in names:
            grace = float(self.file["services"][name]["stop_grace_period"].removesuffix("s"))
            self.ended[name] = self.running.pop(name).wait(grace)

    def up(self, *names: str, seconds: float = 1200) -> None:
        """Start services when what they depend on is as they want it, and wait until all are healthy, or done."""
        services, waiting, fine = self.file["services"], list(names), set[str]()
        deadline = time.monotonic() + seconds
        while len(fine) < len(names):
            for name in [n for n in waiting if set(services[n].get("depends_on", {})) & set(names) <= fine]:
                if name not in self.running:  # one that is there already is not started twice
                    self.start(name)
                waiting.remove(name)
            for name in [n for n in names if n not in waiting and n not in fine]:
                if self.is_fine(name):
                    fine.add(name)
            missing = {n: self.running[n].said()[-3000:] for n in names if n not in fine and n in self.running}
            assert time.monotonic() < deadline, f"not healthy in time: {missing}"
            time.sleep(1.0)

    def is_fine(self, name: str) -> bool:
        """Whether a service is healthy by its own check, or, of those that run once, is done."""
        running, check = self.running[name], self.file["services"][name].get("healthcheck")
        if check is None:
            assert running.code in (None, 0), running.said()
            return running.code == 0
        assert running.code is None, f"{name} ended with {running.code}: {running.said()}"
        kind, *command = check["test"]
        assert kind == "CMD"
        return running.pid is not None and running.execute(command).returncode == 0

    def close(self) -> None:
        for running in self.running.values():
            running.close()
        self.network.close()

    def volume(self, name: str) -> Path:
        """Where a volume lies. A new one belongs to whom the image's folder belongs."""
        folder = self.folder / "volumes" / name
        if not folder.exists():
            folder.mkdir(parents=True)
            user, _, group = {"workspace": "10001:10001", "postgres": "999:999", "s3": "0:0"}[name].partition(":")
            os.chown(folder, int(user), int(group))
        return folder

    def new_volumes(self) -> None:
        """Another host: all volumes are empty, and nothing has run."""
        shutil.rmtree(self.folder / "volumes")
        self.running.clear()

    def _mount(self, entry: str) -> tuple[Path, str, bool]:
        source, target, *how = entry.split(":")
        place = self.volume(source) if source in self.file["volumes"] else (self.deploy / source).resolve()
        return place, target, "ro" not in how

    def _file(self, kind: str, name: str) -> Path:
        return self.deploy / self.file[kind][name]["file"]


def _here() -> dict[str, str]:
    """What lets the interpreter of the tests find this checkout, and spares this machine."""
    found = {
        "PYTHONPATH": os.pathsep.join([str(REPOSITORY), *filter(None, os.environ.get("PYTHONPATH", "").split(":"))])
    }
    return found | {name: os.environ[name] for name in ("OMP_NUM_THREADS", "GOMP_SPINCOUNT") if name in os.environ}


def _hidden(container: Container) -> list[Path]:
    """Folders of this machine that its commands need, and which an empty folder of the container hides."""
    told = [str(REPOSITORY), sys.prefix, *container.environment["PATH"].split(":")]
    told += container.environment.get("PYTHONPATH", "").split(":")
    return [Path(place) for place in told if any(place.startswith(f"{empty}/") for empty in container.tmpfs)]


def seaweedfs() -> str | None:
    """The program of the S3 server, if it is installed."""
    return shutil.which("weed", path=os.pathsep.join([str(Path(sys.prefix) / "bin"), os.environ.get("PATH", "")]))


def _path_of_others() -> str:
    weed = seaweedfs()
    folders = [postgres_programs(), Path(weed).parent if weed else None]
    return os.pathsep.join([*(str(folder) for folder in folders if folder), _SYSTEM])
