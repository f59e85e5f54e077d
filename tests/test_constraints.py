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
FURTHER = {"remote": ("remote", "remote-test"), "deploy": ("deploy-test",), "ray": ("ray",)}  # by constraints-NAME.txt
PRESENT = {"remote": "moto", "deploy": "kubernetes_validate", "ray": "ray"}
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
    for name in ("constraints.txt", "constraints-cpu.txt", *(f"constraints-{further}.txt" for further in FURTHER)):
        for package, (_, hashes) in pinned(name).items():
            assert hashes and all(re.fullmatch("[0-9a-f]{64}", digest) for digest in hashes), package


def test_the_cpu_build_is_of_the_pinned_torch_and_the_pins_are_what_is_tested():
    pins = pinned("constraints.txt")
    assert pinned("constraints-cpu.txt")["torch"][0].split("+")[0] == pins["torch"][0]
    assert {name: version(name).split("+")[0] for name in needed()} == {name: pins[name][0] for name in needed()}


@pytest.mark.parametrize("further", FURTHER)
def test_make_setup_installs_nothing_of_other_machines_and_what_does_changes_nothing_of_its(further):
    here, more = pinned("constraints.txt"), pinned(f"constraints-{further}.txt")
    assert not here.keys() & more.keys() and not needed() & more.keys()
    if importlib.util.find_spec(PRESENT[further]) is None:
        pytest.skip(f"what constraints-{further}.txt pins is not installed: make remote, or make ray")
    asked = needed(FURTHER[further])
    assert asked - needed() <= more.keys() | here.keys()
    pins = here | more
    assert {name: version(name).split("+")[0] for name in asked} == {n: pins[n][0] for n in asked}
    assert more.keys() <= asked, "a pin that nothing asks for"
