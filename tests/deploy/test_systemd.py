"""deploy/systemd: units of `slumber ui` and `slumber serve` that may do little, and commands that there are."""

import configparser
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from steps.settings import Settings
from tests.deploy.commands import commands
from tests.deploy.composed import DEPLOY

UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
SLUMBER = Path(sys.prefix) / "bin" / "slumber"


def service(path):
    read = configparser.ConfigParser(interpolation=None, delimiters="=")
    read.optionxform = str
    read.read(path)
    return read["Service"]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd-analyze")
@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.stem)
def test_systemd_takes_the_unit_and_a_broken_one_it_does_not(path, tmp_path):
    text = path.read_text().replace("/opt/slumber/bin/slumber", str(SLUMBER))
    for unit, fine in ((text, True), (text.replace("ProtectSystem=strict", "ProtectSystem=strictly"), False)):
        (tmp_path / path.name).write_text(unit)
        done = subprocess.run(
            ["systemd-analyze", "verify", "--man=no", tmp_path / path.name], capture_output=True, text=True
        )
        assert (done.returncode == 0 and done.stderr == "") == fine, done.stderr


def test_both_are_alike_but_for_what_they_run():
    one, other = ({key: value for key, value in service(path).items() if key != "ExecStart"} for path in UNITS)
    assert one == other
    assert [service(path)["ExecStart"].split()[1] for path in UNITS] == ["serve", "ui"]


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.stem)
def test_a_unit_may_do_little_and_runs_what_there_is(path):
    found = service(path)
    assert found["User"] == "slumber" and found["UMask"] == "0077" and found["CapabilityBoundingSet"] == ""
    assert found["NoNewPrivileges"] == "yes" and found["ProtectSystem"] == "strict"
    program, command, option, workspace = found["ExecStart"].split()
    assert workspace == found["WorkingDirectory"] == found["ReadWritePaths"]
    done = subprocess.run([SLUMBER, command, "--help"], capture_output=True, text=True, check=True)
    assert option in done.stdout, "it is a command with that option"
    assert program == "/opt/slumber/bin/slumber"


def test_they_listen_on_loopback_and_know_no_password():
    settings = Settings()
    assert settings.ui.host == settings.serve.host == "127.0.0.1", "and the units say nothing else"
    for path in (DEPLOY / "systemd").iterdir():
        for line in path.read_text().splitlines():
            assert not re.match(r"#?\w*(PASSWORD|SECRET|KEY|TOKEN)\w*=", line), line


def test_the_page_installs_what_the_units_name():
    lines = "\n".join(commands(naming="systemctl enable"))
    for path in UNITS:
        found = service(path)
        assert found["WorkingDirectory"] in lines and found["EnvironmentFile"] in lines
        assert path.stem in lines and f"useradd --system --home-dir /var/cache/{found['CacheDirectory']}" in lines
