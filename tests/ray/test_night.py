"""A whole night on a cluster of two nodes: the dreams, the answers and the verdict of a night on one machine."""

import json

import pytest

ray = pytest.importorskip("ray", reason="the extra `ray` is not installed: make ray")
# ruff: noqa: E402

from orchestration.night import run_night
from steps.compute import pool
from steps.consolidate.step import ConsolidateStep
from steps.examine.reading import read_examination
from steps.workspace import Workspace
from tests.orchestration.test_night import FERRY, FIRST, PROBES

pytestmark = pytest.mark.timeout(1800)


@pytest.fixture
def inbox(tmp_path):
    folder = tmp_path / "inbox"
    folder.mkdir()
    (folder / "ferry.md").write_text(FERRY)
    (folder / "probes.jsonl").write_text("".join(json.dumps(probe) + "\n" for probe in PROBES))
    return folder


def test_the_same_night(tiny_settings, on_ray, inbox, tmp_path, monkeypatch):
    started = []
    add = pool.Pool._add
    monkeypatch.setattr(pool.Pool, "_add", lambda self, **given: started.append(self) or add(self, **given))
    places = {"here": Workspace(tmp_path / "here"), "there": Workspace(tmp_path / "there")}
    verdicts = {}
    for (name, workspace), settings in zip(places.items(), (tiny_settings, on_ray), strict=True):
        outcome = run_night(settings=settings, workspace=workspace, night=FIRST, inbox=inbox)
        verdicts[name] = outcome.verdict
    assert len({*map(id, started)}) >= 2, "dreaming and examining had workers of their own"
    assert not ray.is_initialized(), "nothing is left behind"
    here, there = places.values()
    for name in ("corpus", "dreams", "probes", "holdouts"):
        assert there.dataset(name, FIRST).read_bytes() == here.dataset(name, FIRST).read_bytes()
    one, other = (ConsolidateStep.read(workspace, FIRST).figures for workspace in (here, there))
    assert other.losses == pytest.approx(one.losses, rel=2e-5)
    first, second = (read_examination(workspace.night_dir(FIRST) / "examination") for workspace in (here, there))
    said = [
        [(row.id, row.condition, row.answer) for row in found.answers if row.model == "base"]
        for found in (first, second)
    ]
    assert said[0] == said[1] and said[0]
    assert verdicts["there"].verdict == verdicts["here"].verdict
    assert [check.status for check in verdicts["there"].checks] == [check.status for check in verdicts["here"].checks]
