"""An installed wheel holds all that a night needs, and finds it without a checkout."""

import subprocess
import sys
import zipfile

import pytest
from hatchling.build import build_wheel

from steps.settings import REPOSITORY
from steps.shipped import CHECKOUT, shipped

PACKAGES = ("steps", "orchestration", "awake", "bench")
SHIPPED = ("anchors", "canaries", "example")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Folder with the unpacked wheel of this checkout."""
    built, unpacked = tmp_path_factory.mktemp("wheel"), tmp_path_factory.mktemp("site-packages")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(REPOSITORY)
        with zipfile.ZipFile(built / build_wheel(str(built))) as archive:
            archive.extractall(unpacked)
    return unpacked


def files(folder):
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_it_holds_every_module_template_and_shipped_suite(wheel):
    for package in PACKAGES:
        held = files(wheel / package)
        for name, content in files(REPOSITORY / package).items():
            if "__pycache__" not in name:
                assert held.get(name) == content, f"{package}/{name}"
    for name in SHIPPED:
        assert files(wheel / "steps" / "shipped" / name) == files(REPOSITORY / "data" / name) != {}
    assert not (wheel / "tests").exists() and not (wheel / "data").exists()


def test_it_finds_what_it_ships_from_an_empty_folder(wheel, tmp_path):
    code = (
        "import sys; sys.path.insert(0, sys.argv.pop(1))\n"
        "from steps.shipped import CHECKOUT, shipped\n"
        "from orchestration.cli import main\n"
        f"print(CHECKOUT, *(shipped(name) for name in {SHIPPED}))\n"
        "main()\n"
    )
    run = subprocess.run(
        [sys.executable, "-I", "-c", code, str(wheel), "--help"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    first, *rest = run.stdout.splitlines()
    assert first.split() == ["None", *(str(wheel / "steps" / "shipped" / name) for name in SHIPPED)]
    assert "another night is running" in " ".join(" ".join(rest).split())
    assert list(tmp_path.iterdir()) == []


def test_a_checkout_ships_its_own_data():
    assert CHECKOUT == REPOSITORY
    assert shipped("anchors") == REPOSITORY / "data" / "anchors"
