"""The server and the night as a user has them: processes of their own."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from bench.day.client import People
from steps.errors import SlumberError
from steps.progress import say

SLUMBER = [sys.executable, "-c", "from orchestration.cli import main; main()"]
START_SECONDS, SWAP_SECONDS = 600, 300  # of a machine that others use, too


@dataclass
class Server:
    """A running `slumber serve`."""

    address: str
    process: subprocess.Popen

    def health(self) -> dict:
        """What the server says of itself."""
        return httpx.get(f"{self.address}/health", timeout=30).json()

    def until_version(self, version: str) -> None:
        """Wait until a version answers."""
        self._until(lambda: str(self.health()["version"]) == version, SWAP_SECONDS, f"version {version} did not serve")

    def _until(self, done, seconds: float, fault: str) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise SlumberError(f"The server ended with code {self.process.returncode}: see its lines above.")
            with contextlib.suppress(httpx.HTTPError):
                if done():
                    return
            time.sleep(0.5)
        raise SlumberError(f"After {seconds:.0f} s {fault}.")


@contextlib.contextmanager
def served(workspace: Path, params: Path) -> Iterator[Server]:
    """Run `slumber serve` on a free port until the block ends; ``params`` must name that port (``free_port``)."""
    command = [*SLUMBER, "serve", "--workspace", str(workspace), "--params", str(params)]
    port = next(
        line.split(":")[1].strip() for line in params.read_text().splitlines() if line.strip().startswith("port:")
    )
    with answering(command, f"http://127.0.0.1:{port}") as server:
        yield server


@contextlib.contextmanager
def answering(command: list[str], address: str) -> Iterator[Server]:
    """Run a server, wait until ``/health`` answers, and stop it when the block ends."""
    process = subprocess.Popen(command, env=os.environ | {"PYTHONUNBUFFERED": "1"})
    server = Server(address, process)
    try:
        server._until(lambda: bool(server.health()), START_SECONDS, "the server did not answer")
        yield server
    finally:
        end(process, signal.SIGINT)


def end(process: subprocess.Popen, by: signal.Signals) -> None:
    """Ask a process to end, and kill one that has not within a minute."""
    if process.poll() is None:
        process.send_signal(by)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(60)
    if process.poll() is None:
        process.kill()


def slept(workspace: Path, params: Path, night: str) -> None:
    """Run `slumber night`; a night that promotes nothing is a result, not an error."""
    where = ["--workspace", str(workspace), "--params", str(params), "--inbox", str(workspace / "inbox")]
    done = subprocess.run([*SLUMBER, "night", "--night", night, *where], check=False)
    if done.returncode != 0:
        raise SlumberError(f"The night ended with code {done.returncode}: see its lines above.")


@dataclass
class Passers:
    """People who go on asking while the model sleeps and the champion changes. ``lost``: requests without an answer."""

    people: People
    pause: float = 2.0
    answered: int = 0
    lost: int = 0
    versions: set[str] = field(default_factory=set)
    seconds: list[float] = field(default_factory=list)

    @contextlib.contextmanager
    def asking(self, question: str) -> Iterator["Passers"]:
        """Ask one question after the other until the block ends."""
        over = threading.Event()

        def ask() -> None:
            while not over.wait(self.pause):
                start = time.perf_counter()
                try:
                    self.versions.add(self.people.once(question, user="passer", memory=False).version)
                    self.answered += 1
                except Exception as error:  # whatever it is, nobody was answered
                    say(f"A request was lost: {error}")
                    self.lost += 1
                self.seconds.append(time.perf_counter() - start)

        thread = threading.Thread(target=ask, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            over.set()
            thread.join(120)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]
