"""Nights that take no seconds, for bad days."""

import pytest

from tests.awake.bad_days.nights import Sleeper


@pytest.fixture
def nights(settings, workspace, tmp_path, monkeypatch):
    return Sleeper(settings, workspace, tmp_path / "inbox", monkeypatch)
