"""Commands of docs/deploy.md, run as they stand there: those of Compose by ``Composed``, all else as they are."""

import re
import shlex
import subprocess
from pathlib import Path

from steps.settings import REPOSITORY
from tests.deploy.composed import Composed

COMPOSE = "docker compose -f deploy/compose.yaml "


def commands(*, naming: str) -> list[str]:
    """The lines of the one block of docs/deploy.md in which this stands."""
    page = (REPOSITORY / "docs" / "deploy.md").read_text()
    (found,) = [block for block in re.findall(r"```console\n(.*?)```", page, re.DOTALL) if naming in block]
    return [line.removeprefix("$ ").split("  #")[0].strip() for line in found.splitlines()]


def run(line: str, composed: Composed, folder: Path) -> None:
    """Do what a line says; files that it reads or writes lie in ``folder``."""
    line, _, written = line.removeprefix(COMPOSE).partition(" > ")
    line, _, given = line.partition(" < ")
    what, *words = shlex.split(line)
    if what == "stop":
        composed.stop(*words)
    elif what == "up":
        composed.up(*([word for word in words if not word.startswith("-")] or composed.file["services"]))
    elif what in ("exec", "run"):
        _within(what, words, composed, written and folder / written, given and folder / given)
    else:
        raise ValueError(f"`docker compose {what}` is not known here")


def _within(what: str, words: list[str], composed: Composed, written: Path | str, given: Path | str) -> None:
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
    subprocess.run(shlex.split(line), check=True, cwd=next(iter(places.values())))
