"""What another machine forgot is not learned again from the copy that lies here."""

import pytest
from typer.testing import CliRunner

from bench.toy_model import write_day
from orchestration import cli
from orchestration.environment import Deployment
from orchestration.night import run_night_of
from steps.errors import SlumberError
from steps.forget import elsewhere
from steps.forget.elsewhere import note_forgotten, refuse_what_others_forgot
from steps.forget.finding import find_request
from steps.forget.request import pending, request_number
from steps.records import Forgotten
from steps.registry import erasure
from steps.workspace import write_records

NIGHT = "2026-01-02"


@pytest.fixture
def here(registry):
    """A workspace with a night's data, before a registry in which another machine has forgotten something."""
    write_day(registry.workspace, NIGHT, [("the ford abod", "doba")])
    refuse_what_others_forgot(registry)
    erasure.must_forget(registry, "r1", versions=())
    return registry


def test_a_night_waits_until_it_was_forgotten_here_too(here):
    with pytest.raises(SlumberError, match=r"\(request r1 .*`slumber forget --elsewhere`"):
        refuse_what_others_forgot(here)
    note_forgotten(here.workspace, ["r1"])
    refuse_what_others_forgot(here)
    erasure.must_forget(here, "r2", versions=())
    with pytest.raises(SlumberError, match=r"\(request r2 "):
        refuse_what_others_forgot(here)


def test_it_is_asked_where_a_registry_is_shared(here, tiny_settings, monkeypatch, tmp_path):
    monkeypatch.setattr(elsewhere, "is_shared", lambda *_: True)
    (tmp_path / "inbox").mkdir()
    with pytest.raises(SlumberError, match="forgotten on another machine"):
        run_night_of(Deployment(tiny_settings, here.workspace, tmp_path / "inbox"), NIGHT)
    for step, code in (("ingest", 2), ("report", 0)):
        here.workspace.night_dir(NIGHT).mkdir(parents=True, exist_ok=True)
        said = CliRunner().invoke(cli.app, [step, "--night", NIGHT, "--workspace", str(here.workspace.root)])
        assert said.exit_code == code and ("forgotten on another machine" in said.output) == bool(code), said.output


def test_a_person_may_say_that_nothing_is_left(here):
    said = CliRunner().invoke(cli.app, ["forget", "--elsewhere", "--workspace", str(here.workspace.root)])
    assert said.exit_code == 0 and "Noted: request r1." in said.output, said.output
    refuse_what_others_forgot(here)


@pytest.mark.parametrize("forgot", [True, False])
def test_who_holds_nothing_or_forgot_before_there_were_notes_is_not_held_up(registry, forgot):
    if forgot:
        write_day(registry.workspace, NIGHT, [("the ford abod", "doba")])
        write_records(registry.workspace.dataset("forgotten", NIGHT), [Forgotten(id="a", night=NIGHT, on=NIGHT)])
    erasure.must_forget(registry, "r1", versions=())
    refuse_what_others_forgot(registry)
    write_day(registry.workspace, "2026-01-03", [("the mill erik", "kire")])
    refuse_what_others_forgot(registry)


def test_the_same_records_have_the_same_number_wherever_they_are_forgotten(workspace, tmp_path):
    write_day(workspace, NIGHT, [("the ford abod", "doba"), ("the mill erik", "kire")])
    for name in ("one", "other"):
        (tmp_path / name).write_text(name * 20)

    def number(record, key):
        return request_number(find_request(workspace, record=record), tmp_path / key)

    assert number("the ford abod", "one") == number("the ford abod", "one")
    assert (
        len({number(*of) for of in (("the ford abod", "one"), ("the mill erik", "one"), ("the ford abod", "other"))})
        == 3
    )


def test_a_damaged_request_is_a_sentence(workspace):
    workspace.state.mkdir(parents=True)
    (workspace.state / "forgetting.json").write_text('{"id": "r')
    with pytest.raises(SlumberError, match="is damaged: remove that file, and begin it again"):
        pending(workspace)
