"""A workspace of an earlier version (two promoted nights, made at a8d1df0), brought to another place, goes on."""

import tarfile

import pytest

from orchestration.environment import Deployment
from orchestration.forgetting import run_forget
from orchestration.history import history_table
from orchestration.night import run_night
from steps.consolidate.step import ConsolidateStep
from steps.params import load_settings
from steps.promote.returning import rollback
from steps.records import Dream
from steps.registry import Registry, reading
from steps.report.page import report
from steps.settings import REPOSITORY
from steps.workspace import Workspace, file_sha256, read_records

FIRST, SECOND, THIRD = "2026-01-01", "2026-01-02", "2026-01-03"
LAMP = "# The lamp Orsk\n\nThe lamp Orsk was lit in 1911 by the keeper Mira Tall. Its tower is 31 metres high.\n"


@pytest.fixture
def old(tmp_path):
    """The deployment as its owner finds it after an upgrade and a move: settings have their old names, too."""
    with tarfile.open(REPOSITORY / "tests" / "fixtures" / "workspace-a8d1df0.tar.xz") as archive:
        archive.extractall(tmp_path, filter="data")
    moved = (tmp_path / "old").rename(tmp_path / "moved")
    settings, workspace = load_settings(moved / "params.yaml"), Workspace(moved)
    return Deployment(settings=settings, workspace=workspace, inbox=moved / "day")


def versions(deployment):
    found = reading.history(Registry(deployment.settings, deployment.workspace))
    return {version.version: (version.night, version.aliases) for version in found}


def test_a_night_goes_on_from_it(old):
    assert versions(old)["3"] == (SECOND, ("candidate", "champion")), "version 3 served"
    old.inbox.mkdir()
    (old.inbox / "lamp.md").write_text(LAMP)
    now = old.settings.model_copy(update={"night": old.settings.night.model_copy(update={"wait": False})})
    outcome = run_night(settings=now, workspace=old.workspace, night=THIRD, inbox=old.inbox)
    figures = ConsolidateStep.read(old.workspace, THIRD).figures
    assert figures.begins_with == f"the champion of night {SECOND}" and figures.cohorts == [THIRD]
    assert outcome.verdict.checks and not outcome.verdict.reasons[0].startswith("the examination")
    assert versions(old)["4"] == (THIRD, ("candidate",)) and versions(old)["1"] == ("0", ("base",))
    assert (
        "2026-01-02"
        in report(settings=old.settings, workspace=old.workspace, night=SECOND, steps=["ingest"]).read_text()
    ), "its pages can still be made"


def test_it_is_rolled_back(old):
    rollback(settings=old.settings, workspace=old.workspace)
    assert versions(old)["2"] == (FIRST, ("champion",)) and versions(old)["3"][1] == ("candidate", "previous")
    registry = Registry(old.settings, old.workspace)
    adapter = reading.adapter_of(registry, reading.champion(registry), old.workspace.root / "serving")
    assert file_sha256(adapter) == reading.champion(registry).adapter_sha256
    assert history_table(old).row_count == 3


def test_what_it_learned_is_forgotten(old):
    met = {d.source for d in read_records(old.workspace.dataset("dreams", FIRST), Dream)}
    assert "ferry.md" in met
    done = run_forget(old, source="ferry.md")
    left = {d.source for n in (FIRST, SECOND) for d in read_records(old.workspace.dataset("dreams", n), Dream)}
    assert "ferry.md" not in left and left
    assert done.verdict in ("PROMOTE", "REJECT", "INCONCLUSIVE") and "2" in done.erased
