"""constraints.txt pins, with hashes, every package that `make setup` installs; others what further targets do."""

import importlib.util
import re
import tomllib
from importlib.metadata import requires, version

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from steps.settings import REPOSITORY

EXTRAS = ("test", "dev", "bench", "suites", "office")
CUDA = ("nvidia-", "cuda-", "triton")  # what torch asks for where it is not the CPU build


def pinned(name: str) -> dict[str, tuple[str, list[str]]]:
    """Version and hashes by package of a constraints file."""
    text = (REPOSITORY / name).read_text().replace("\\\n", "")
    lines = [line.split() for line in text.splitlines() if line and not line.startswith("#")]
    pins = [(line[0].split("=="), [part.removeprefix("--hash=sha256:") for part in line[1:]]) for line in lines]
    return {canonicalize_name(package): (number, hashes) for (package, number), hashes in pins}


def needed(extras: tuple[str, ...] = EXTRAS) -> set[str]:
    """Everything that Slumber with its extras, and what it needs, asks for on this machine."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
    declared = project["project"]["dependencies"] + project["build-system"]["requires"]
    declared += [line for extra in extras for line in project["project"]["optional-dependencies"][extra]]
    queue, seen = [Requirement(line) for line in declared], set()
    while queue:
        asked = queue.pop()
        for extra in ("", *asked.extras):
            key = (canonicalize_name(asked.name), extra)
            if key in seen or key[0].startswith(CUDA):
                continue
            seen.add(key)
            found = [Requirement(line) for line in requires(asked.name) or []]
            queue += [r for r in found if r.marker is None or r.marker.evaluate({"extra": extra})]
    return {name for name, _ in seen}


def test_nothing_is_installed_that_is_not_pinned():
    pins = pinned("constraints.txt")
    assert needed() <= pins.keys()
    assert not [name for name in pins if name.startswith(CUDA)]


def test_every_pin_has_the_hashes_of_its_files():
    for name in ("constraints.txt", "constraints-cpu.txt", "constraints-remote.txt", "constraints-ray.txt"):
        for package, (_, hashes) in pinned(name).items():
            assert hashes and all(re.fullmatch("[0-9a-f]{64}", digest) for digest in hashes), package


def test_the_cpu_build_is_of_the_pinned_torch_and_the_pins_are_what_is_tested():
    pins = pinned("constraints.txt")
    assert pinned("constraints-cpu.txt")["torch"][0].split("+")[0] == pins["torch"][0]
    assert {name: version(name).split("+")[0] for name in needed()} == {name: pins[name][0] for name in needed()}


@pytest.mark.parametrize(
    ("file", "extras", "library"),
    [("constraints-remote.txt", ("remote", "remote-test"), "moto"), ("constraints-ray.txt", ("ray",), "ray")],
)
def test_make_setup_installs_nothing_of_other_machines_and_what_does_changes_nothing_of_its(file, extras, library):
    here, there = pinned("constraints.txt"), pinned(file)
    assert not here.keys() & there.keys() and not needed() & there.keys()
    if importlib.util.find_spec(library) is None:
        pytest.skip(f"the extra `{extras[0]}` is not installed: make {extras[0]}")
    assert needed(extras) - needed() <= there.keys() | here.keys()
    pins = here | there
    assert {name: version(name).split("+")[0] for name in needed(extras)} == {n: pins[n][0] for n in needed(extras)}
    assert there.keys() <= needed(extras), "a pin that nothing asks for"
