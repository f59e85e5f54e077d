"""Commands of docs/deploy.md, run as they stand there: those of Compose by ``Composed``, all else as they are."""

import os
import re
import shlex
import subprocess
from pathlib import Path

from steps.settings import REPOSITORY
from tests.deploy.composed import Composed

COMPOSE = "docker compose "


def commands(*, naming: str, page: Path = REPOSITORY / "docs" / "deploy.md") -> list[str]:
    """The lines of the one block of a page in which this stands."""
    blocks = re.findall(r"```console\n(.*?)```", page.read_text(), re.DOTALL)
    (found,) = [block for block in blocks if naming in block]
    return [line.removeprefix("$ ").split("  #")[0].strip() for line in found.splitlines()]


def run(line: str, composed: Composed, folder: Path) -> None:
    """Do what a line says, in the folder of the compose.yaml; ``folder``: its ~/backup."""
    line = line.replace("~/backup", str(folder))
    if not line.startswith(COMPOSE):
        subprocess.run(shlex.split(line), check=True, cwd=composed.deploy) if line != "umask 077" else os.umask(0o077)
        return
    line, _, written = line.removeprefix(COMPOSE).partition(" > ")
    line, _, given = line.partition(" < ")
    what, *words = shlex.split(line)
    if what == "stop":
        composed.stop(*words)
    elif what == "up":
        composed.up(*([word for word in words if not word.startswith("-")] or composed.file["services"]))
    elif what in ("exec", "run"):
        _within(what, words, composed, written, given)
    else:
        raise ValueError(f"`docker compose {what}` is not known here")


def _within(what: str, words: list[str], composed: Composed, written: str, given: str) -> None:
    entrypoint = None
    while words[0].startswith("-"):
        option = words.pop(0)
        entrypoint = words.pop(0) if option == "--entrypoint" else entrypoint
        assert option in ("--entrypoint", "--rm", "--no-deps", "-T"), option
    name, *command = words
    with open(written or "/dev/null", "wb") as out, open(given or "/dev/null", "rb") as told:
        if what == "exec":
            done = composed.running[name].execute(command, stdin=told, stdout=out)
        else:
            done = composed.once(name, command, entrypoint=entrypoint, stdin=told, stdout=out)
    assert done.returncode == 0, done.stderr


def run_plain(line: str, **places: Path) -> None:
    """Run a line with other folders for those that it names."""
    for name, place in places.items():
        line = line.replace(f"~/{name}", str(place))
    if line != "umask 077":
        subprocess.run(shlex.split(line), check=True, cwd=next(iter(places.values())))
