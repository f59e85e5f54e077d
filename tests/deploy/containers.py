"""Containers without Docker: a command in namespaces of its own, with the user, root, mounts and rights it is given.

The root is this machine's own beneath an overlay, so that a container finds this machine's Python and Postgres at their
places, and what it writes outside its mounts is refused or gone. All share one network that has nothing but loopback.
"""

import os
import shlex
import signal
import subprocess
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_DIES_WITH_US = ["setpriv", "--pdeathsig", "KILL"]
_OWN = ["unshare", "--mount", "--pid", "--uts", "--fork", "--kill-child"]


def can_run() -> bool:
    """Whether this machine lets us make namespaces and overlays: root may, unless something forbids it."""
    return os.getuid() == 0 and subprocess.run([*_OWN, "--net", "true"], capture_output=True).returncode == 0


@dataclass
class Container:
    """What is run. ``mounts``: (source, target, whether it may be written); ``tmpfs``: folders that are empty and new.

    ``root``: lines of shell that make the image, with $R for its root. ``rights``: capabilities besides none.
    """

    name: str
    command: list[str]
    environment: dict[str, str]
    folder: str = "/"
    user: str = "0:0"
    mounts: list[tuple[Path, str, bool]] = field(default_factory=list)
    tmpfs: list[str] = field(default_factory=list)
    root: list[str] = field(default_factory=list)
    rights: list[str] = field(default_factory=list)
    hosts: tuple[str, ...] = ()


class Network:
    """A network with loopback alone, that containers share: their ports are theirs, whatever this machine runs."""

    def __init__(self) -> None:
        self._holder = subprocess.Popen([*_DIES_WITH_US, "unshare", "--net", "sleep", "infinity"])
        self.path = f"/proc/{self._holder.pid}/ns/net"
        while os.readlink(self.path) == os.readlink("/proc/self/ns/net"):
            time.sleep(0.01)
        subprocess.run(["nsenter", f"--net={self.path}", "ip", "link", "set", "lo", "up"], check=True)

    def close(self) -> None:
        self._holder.kill()
        self._holder.wait()


class Running:
    """A container that runs; what it says is in ``log``."""

    def __init__(self, container: Container, network: Network, log: Path):
        self.container, self.log = container, log
        streams: dict[str, Any] = {"stderr": subprocess.STDOUT, "stdin": subprocess.DEVNULL, "umask": 0o022}
        with log.open("wb") as said:
            self._outer = subprocess.Popen(_whole(container, network), stdout=said, start_new_session=True, **streams)

    @property
    def pid(self) -> int | None:
        """Of its first process, as this machine counts; None if it has ended."""
        with suppress(OSError):
            children = Path(f"/proc/{self._outer.pid}/task/{self._outer.pid}/children").read_text().split()
            return int(children[0]) if children else None
        return None

    @property
    def code(self) -> int | None:
        """How it ended; None while it runs."""
        return self._outer.poll()

    def execute(self, command: list[str], *, seconds: float = 120, **streams: Any) -> subprocess.CompletedProcess:
        """Run a command within it, as `docker exec` and the kubelet's probes do."""
        if (pid := self.pid) is None:
            raise RuntimeError(f"{self.container.name} has ended ({self.code}):\n{self.said()}")
        enter = ["nsenter", "--target", str(pid), "--net", "--mount", "--pid", "--uts", "--root"]
        return _ran([*enter, "sh", "-euc", _begin(self.container, command)], seconds, **streams)

    def status(self, key: str) -> str:
        """A line of the first process's /proc/PID/status."""
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith(f"{key}:"))

    def said(self) -> str:
        return self.log.read_text(errors="replace")

    def signal(self, number: int = signal.SIGTERM) -> None:
        """What `docker stop` and the kubelet send, to the first process alone."""
        if (pid := self.pid) is not None:
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def wait(self, seconds: float) -> int:
        """Wait until it has ended, and return how."""
        return self._outer.wait(seconds)

    def close(self) -> None:
        """End it, with all in it."""
        self.signal(signal.SIGKILL)
        with suppress(subprocess.TimeoutExpired):
            self._outer.wait(10)  # ends by itself when it has buried its first process
        self._outer.kill()
        self._outer.wait()


def run_once(
    container: Container, network: Network, *, seconds: float = 300, **streams: Any
) -> subprocess.CompletedProcess:
    """Run a container until it ends by itself."""
    return _ran(_whole(container, network), seconds, **streams)


def _ran(command: list[str], seconds: float, **streams: Any) -> subprocess.CompletedProcess:
    pipe = subprocess.PIPE
    streams = {"stdin": subprocess.DEVNULL, "stdout": pipe, "stderr": pipe} | streams
    # Whatever umask the caller has is not that of who runs containers.
    return subprocess.run(command, timeout=seconds, encoding="utf-8", errors="replace", umask=0o022, **streams)


def _whole(container: Container, network: Network) -> list[str]:
    return [*_DIES_WITH_US, "nsenter", f"--net={network.path}", *_OWN, "sh", "-euc", _script(container)]


def _script(container: Container) -> str:
    root = [
        "mount --make-rprivate /",
        "hostname " + container.name,
        "mount -t tmpfs tmpfs /mnt",
        "mkdir /mnt/upper /mnt/work /mnt/root",
        "mount -t overlay overlay -o lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work /mnt/root",
        "R=/mnt/root",
        "for d in dev sys; do mount --rbind /$d $R/$d; done",
        "mount -t proc proc $R/proc",
        "mount -t tmpfs tmpfs $R/run",
        f"printf '127.0.0.1 localhost %s\\n' {shlex.quote(' '.join(container.hosts))} >$R/etc/hosts",
        *container.root,
    ]
    for target in container.tmpfs:
        made = f"mkdir -p {target}; mount -t tmpfs -o mode=1777 tmpfs {target}"
        root.append(f"chroot $R sh -euc '{made}'")  # from within, for /var/run is a link that leads out of it
    for source, target, writable in container.mounts:
        kind = "mkdir -p" if source.is_dir() else "mkdir -p $(dirname $R{t}); touch"
        root.append(f"{kind} $R{{t}}; mount --bind {shlex.quote(str(source))} $R{{t}}".replace("{t}", target))
        if not writable:
            root.append(f"mount -o remount,bind,ro $R{target}")
    root.append("mount -o remount,ro $R")
    root.append(f"exec chroot $R sh -euc {shlex.quote(_begin(container, container.command))}")
    return "\n".join(root)


def _begin(container: Container, command: Iterable[str]) -> str:
    user, _, group = container.user.partition(":")
    rights = "".join(f",+{name.lower()}" for name in container.rights)
    who = f"setpriv --reuid {user} --regid {group} --clear-groups --no-new-privs --bounding-set=-all{rights}"
    who += " --inh-caps=-all --pdeathsig KILL"
    told = " ".join(shlex.quote(f"{key}={value}") for key, value in container.environment.items())
    return f"cd {container.folder}; exec {who} env -i {told} {shlex.join(command)}"
