"""A tenant's night that is killed cannot tell its owner: the round does."""

import json
import signal
import sys

import pytest

from orchestration import tenant_night
from orchestration.environment import Deployment
from steps.tenants import NIGHT_LOG, add_tenant, last_night

NIGHT = "2026-11-22"


@pytest.fixture
def night_of(settings, workspace, tmp_path, monkeypatch):
    """Return a function that runs a night in which a shell does something; returns its code and what was told."""
    add_tenant(workspace, "acme")
    told = tmp_path / "told.json"
    writes = "import pathlib, sys; pathlib.Path(sys.argv[1]).write_text(sys.stdin.read())"
    hook = settings.notify.model_copy(update={"command": (sys.executable, "-c", writes, str(told))})
    knobs = settings.tenants.model_copy(update={"night_minutes": 0.01})
    settings = settings.model_copy(update={"notify": hook, "tenants": knobs})
    found = Deployment(settings=settings, workspace=workspace, inbox=workspace.root / "inbox")

    def run(does):
        shell = tmp_path / "night"
        shell.write_text(f"#!/bin/sh\n{does}\n")
        shell.chmod(0o700)
        monkeypatch.setattr(tenant_night.sys, "executable", str(shell))
        told.unlink(missing_ok=True)
        code = tenant_night.sleep(found, "acme", NIGHT)
        return code, json.loads(told.read_text()) if told.exists() else None

    return run


def test_its_owner_is_told_that_it_was_killed_or_took_too_long(night_of, workspace):
    own = workspace.of_tenant("acme")
    for does, code, says in (("sleep 60", 1, "tenants.night_minutes"), ("kill -9 $$", -signal.SIGKILL, "signal 9")):
        found, told = night_of(does)
        assert found == last_night(own).code == code
        assert (told["event"], told["night"], told["model"]) == ("FAILED", NIGHT, "slumber.acme")
        assert says in told["reasons"][0] and says in (own.state / NIGHT_LOG).read_text()


@pytest.mark.parametrize("does", ["exit 0", "exit 2", "kill -15 $$"])
def test_of_one_that_told_itself_or_was_interrupted_nobody_is_told_twice(night_of, does):
    assert night_of(does)[1] is None
