"""What a Dockerfile says: its stages, and the container that the last one makes."""

import json
import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple


class Instruction(NamedTuple):
    name: str
    rest: str


@dataclass
class Image:
    """How a container of an image begins. ``copies``: files of the build's context, by where they lie in it."""

    entrypoint: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)
    folder: str = "/"
    user: str = "0:0"
    runs: list[str] = field(default_factory=list)
    copies: list[tuple[str, str, str]] = field(default_factory=list)


def stages(dockerfile: Path) -> dict[str, list[Instruction]]:
    """The instructions of each stage, by its name; each begins with its own FROM."""
    text = re.sub(r"\\\n", " ", re.sub(r"^\s*#.*\n", "", dockerfile.read_text(), flags=re.MULTILINE))
    found: dict[str, list[Instruction]] = {}
    for line in filter(str.strip, text.splitlines()):
        name, _, rest = line.strip().partition(" ")
        instruction = Instruction(name.upper(), " ".join(rest.split()))
        if instruction.name == "FROM":
            found[instruction.rest.split(" AS ")[-1]] = []
        list(found.values())[-1].append(instruction)
    return found


def image_of(dockerfile: Path, stage: str, *, base: dict[str, str]) -> Image:
    """What a container of a stage begins with. ``base``: the environment of the image that all stages go on from."""
    every = stages(dockerfile)
    beneath = every[stage][0].rest.split(" AS ")[0]
    image = image_of(dockerfile, beneath, base=base) if beneath in every else Image(environment=dict(base))
    for name, rest in every[stage][1:]:
        if name == "ENV":
            for pair in shlex.split(rest):
                key, _, value = pair.partition("=")
                image.environment[key] = re.sub(r"\$(\w+)", lambda known: image.environment[known[1]], value)
        elif name == "RUN":
            image.runs.append(rest)
        elif name == "COPY" and "--from" not in rest:
            options = [word for word in rest.split() if word.startswith("--")]
            source, target = (word for word in rest.split() if not word.startswith("--"))
            image.copies.append((source, target, dict(o[2:].split("=") for o in options).get("chmod", "")))
        elif name in ("ENTRYPOINT", "CMD"):
            setattr(image, {"ENTRYPOINT": "entrypoint", "CMD": "command"}[name], json.loads(rest))
        elif name in ("WORKDIR", "USER"):
            setattr(image, {"WORKDIR": "folder", "USER": "user"}[name], rest)
    return image
