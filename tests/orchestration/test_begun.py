"""What was begun and did not end is told: a night, and a deep sleep."""

from dataclasses import replace

import dagster as dg
import pytest

from orchestration import assets
from orchestration.running import note_begun, note_ended, unfinished
from steps.night import Night
from steps.workspace import DEEP

FIRST, SECOND = "2026-11-22", "2026-11-23"


@pytest.fixture
def deep(settings, workspace):
    def of(date):
        return Night.of(settings, workspace.of(DEEP), date)

    return of


def test_a_deep_sleep_that_was_killed_is_told_until_one_has_ended(deep, settings, workspace, monkeypatch):
    note_begun(Night.of(settings, workspace, SECOND))
    note_begun(deep(FIRST))
    night, told = unfinished(workspace)
    assert "`slumber night --night 2026-11-23`" in night.told()
    assert told.told().startswith("the deep sleep over the nights up to 2026-11-22 was begun at ")
    assert "`slumber deep`" in told.told() and "slumber night" not in told.told()
    note_begun(deep(SECOND))
    assert [one.night for one in unfinished(workspace) if one.deep] == [SECOND], "the first is not gone on with"
    monkeypatch.setattr("orchestration.running.is_asked", lambda: False)
    note_ended(deep(SECOND))
    assert [one.deep for one in unfinished(workspace)] == [False], "the night is as it was"


def test_the_run_of_a_deep_sleep_notes_that_it_begins_and_that_of_a_request_to_forget_does_not(
    deep, settings, workspace, monkeypatch
):
    class Killed(Exception):
        pass

    def killed(step, night):
        raise Killed

    monkeypatch.setattr(assets, "_run", killed)
    (adapter,) = [one for one in assets.build_assets() if one.key == dg.AssetKey(assets.REBUILT)]
    forgets = replace(deep(FIRST), workspace=workspace)
    for night, wanted in ((forgets, []), (deep(FIRST), [FIRST])):
        dg.materialize([adapter], resources={"tonight": night}, raise_on_error=False)
        assert [one.night for one in unfinished(workspace)] == wanted
