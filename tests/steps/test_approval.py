"""People decide: approvals, overrides and their end, with a real MLflow on SQLite."""

import json
import shutil
from datetime import UTC, datetime, timedelta

import pytest

from steps.errors import SlumberError
from steps.promote.approval import approve, override
from steps.promote.registering import promote
from steps.promote.returning import apply_decisions, rollback
from steps.registry import reading
from steps.workspace import DEEP, write_json
from tests.examined import FIRST, SECOND, THIRD, examined, slept

pytestmark = pytest.mark.usefixtures("planted_verdicts")


@pytest.fixture
def manual(settings):
    return settings.model_copy(update={"registry": settings.registry.model_copy(update={"approval": "manual"})})


def set_tag(registry, number, **tags):
    """What a reviewer does on MLflow's page."""
    for key, value in tags.items():
        registry.client.set_model_version_tag("slumber", number, key, value)


def actions(registry):
    return [
        (entry.action, entry.version, entry.author) for entry in reading.trail(registry) if entry.action != "register"
    ]


def stays(registry, champion="1"):
    assert reading.champion(registry).version == champion


def test_a_candidate_waits_until_somebody_approves(manual, workspace, registry):
    promotion = slept(manual, workspace)
    assert not promotion.promoted and promotion.waiting and promotion.champion == "1"
    assert "slumber approve 2 --by NAME" in promotion.message and "approved_by" in promotion.message
    assert json.loads((workspace.night_dir(FIRST) / "promotion.json").read_text()) == promotion.model_dump()
    waiting = reading.version(registry, "2")
    assert waiting.tags["approval"] == "waiting" and waiting.aliases == ("candidate",)
    assert "`approved_by`" in waiting.description and f"# Night {FIRST}" in waiting.description
    assert [version.version for version in reading.waiting(registry)] == ["2"]

    with pytest.raises(SlumberError, match="who approves"):
        approve(settings=manual, workspace=workspace)
    stays(registry)
    approved = approve(settings=manual, workspace=workspace, by=" Ada  Byron ")
    assert approved.promoted and not approved.waiting and (approved.champion, approved.previous) == ("2", "1")
    assert json.loads((workspace.night_dir(FIRST) / "promotion.json").read_text())["promoted"] is True
    serving = reading.champion(registry)
    assert serving.tags["approval"] == "approved" and serving.approved_by == "Ada Byron"
    assert (
        serving.description.startswith("> **Approved by Ada Byron.**\n\n# Night") and "Waits" not in serving.description
    )
    assert [(a, v) for a, v, _ in actions(registry)] == [("wait", "2"), ("approve", "2"), ("promote", "2")]
    assert [author for *_, author in actions(registry)][1:] == ["Ada Byron", "Ada Byron"]
    with pytest.raises(SlumberError, match="Nothing waits"):
        approve(settings=manual, workspace=workspace, by="Ada")


def test_what_is_decided_of_a_deep_sleep_is_not_written_down_of_its_night(manual, workspace, registry):
    kept = workspace.night_dir(FIRST) / "promotion.json"
    write_json(kept, {"promoted": False})
    assert slept(manual, workspace.of(DEEP)).waiting
    assert approve(settings=manual, workspace=workspace, by="Ada").promoted
    assert json.loads(kept.read_text()) == {"promoted": False}
    assert json.loads((workspace.of(DEEP).night_dir(FIRST) / "promotion.json").read_text())["champion"] == "2"


@pytest.mark.parametrize("again", ["promote", "apply_decisions"])
def test_the_tag_that_a_reviewer_sets_lets_it_serve(manual, workspace, registry, again):
    slept(manual, workspace)
    set_tag(registry, "2", approved_by="  ")
    assert promote(settings=manual, workspace=workspace, night=FIRST).waiting, "a blank is no name"
    assert apply_decisions(settings=manual, workspace=workspace) == []
    set_tag(registry, "2", approved_by="Ada")
    if again == "promote":
        assert promote(settings=manual, workspace=workspace, night=FIRST).promoted
    else:
        assert apply_decisions(settings=manual, workspace=workspace) == [f"Version 2 of night {FIRST} serves now."]
    stays(registry, "2")
    assert ("approve", "2", "Ada") in actions(registry)
    assert apply_decisions(settings=manual, workspace=workspace) == []


def test_an_approval_that_could_not_be_carried_out_is_carried_out_by_the_next_night(
    manual, workspace, registry, monkeypatch
):
    slept(manual, workspace)
    with monkeypatch.context() as dead, pytest.raises(SlumberError, match="busy"):
        dead.setattr("steps.registry.promotion.promote", lambda *_, **__: (_ for _ in ()).throw(SlumberError("busy")))
        approve(settings=manual, workspace=workspace, by="Ada")
    stays(registry)
    assert apply_decisions(settings=manual, workspace=workspace)
    stays(registry, "2")


def test_an_approval_from_another_machine_stands_on_the_recorded_verdict(manual, workspace, registry):
    slept(manual, workspace)
    shutil.rmtree(workspace.night_dir(FIRST))
    assert approve(settings=manual, workspace=workspace, by="Ada").promoted
    stays(registry, "2")
    assert not workspace.night_dir(FIRST).exists()


@pytest.mark.parametrize("verdict", ["REJECT", "INCONCLUSIVE"])
def test_an_approval_never_makes_up_for_a_verdict(manual, workspace, registry, verdict):
    slept(manual, workspace, verdict=verdict)
    with pytest.raises(SlumberError, match=verdict):
        approve(settings=manual, workspace=workspace, version="2", by="Ada")
    set_tag(registry, "2", approved_by="Ada", approval="waiting")
    assert not promote(settings=manual, workspace=workspace, night=FIRST).promoted
    set_tag(registry, "2", verdict="PROMOTE")
    assert "not promoted" in " ".join(apply_decisions(settings=manual, workspace=workspace))
    stays(registry)


def tampered(workspace, **_):
    for stored in (workspace.state / "mlflow" / "artifacts").rglob("adapter_model.safetensors"):
        stored.write_text("tampered")


def rebound(workspace, *, verdict):
    examined(workspace, verdict=verdict, data="other")


def another_champion(workspace, *, settings, **_):
    assert slept(settings, workspace, night=SECOND).promoted


@pytest.mark.parametrize("decision", ["approve", "override"])
@pytest.mark.parametrize(
    ("harm", "reason"), [(tampered, "tampered with"), (rebound, "differ in data"), (another_champion, "3 serves now")]
)
def test_what_does_not_match_is_refused_whatever_people_say(
    settings, manual, workspace, registry, decision, harm, reason
):
    verdict = "PROMOTE" if decision == "approve" else "REJECT"
    slept(manual, workspace, verdict=verdict)
    harm(workspace, **({"settings": settings} if harm is another_champion else {"verdict": verdict}))
    before = reading.champion(registry).version
    with pytest.raises(SlumberError, match=reason):
        if decision == "approve":
            approve(settings=manual, workspace=workspace, version="2", by="Ada")
        else:
            override(settings=manual, workspace=workspace, version="2", by="Ada", reason="because")
    stays(registry, before)
    assert not {"approved_by", "override_by"} & set(reading.version(registry, "2").tags)


@pytest.mark.parametrize("verdict", ["REJECT", "INCONCLUSIVE"])
def test_an_override_serves_with_reason_and_name_until_it_ends(settings, workspace, registry, verdict):
    assert not slept(settings, workspace, verdict=verdict).promoted
    reason = "the probe `q7` is wrong | see <b>ticket</b>"
    promotion = override(settings=settings, workspace=workspace, version="2", by="Ada", reason=reason)
    assert promotion.promoted and promotion.champion == "2" and "override of Ada" in promotion.message
    serving = reading.champion(registry)
    assert (serving.tags["override_by"], serving.tags["override_reason"]) == ("Ada", reason)
    left = datetime.fromisoformat(serving.tags["override_until"]) - datetime.now(UTC)
    assert timedelta(days=6, hours=23) < left <= timedelta(days=7)
    assert "Serves by override" in serving.description and "Ada" in serving.description
    assert "<b>" not in serving.description
    (entry,) = [entry for entry in reading.trail(registry) if entry.action == "override"]
    assert (entry.version, entry.before, entry.after, entry.author, entry.reason) == ("2", "1", "2", "Ada", reason)
    assert apply_decisions(settings=settings, workspace=workspace) == [], "it has not ended"

    ends(registry, "2")
    (said,) = apply_decisions(settings=settings, workspace=workspace)
    assert "ended" in said and "Version 1" in said
    stays(registry)
    assert "has ended" in reading.version(registry, "2").description
    assert reading.trail(registry)[-1].action == "expire" and reading.trail(registry)[-1].after == "1"
    with pytest.raises(SlumberError, match="has ended"):
        rollback(settings=settings, workspace=workspace, version="2")
    override(settings=settings, workspace=workspace, version="2", by="Eve", reason="still wrong")
    stays(registry, "2")
    assert "rolled_back_at" not in reading.champion(registry).tags


def ends(registry, number):
    set_tag(registry, number, override_until=(datetime.now(UTC) - timedelta(seconds=1)).isoformat())


@pytest.mark.parametrize("until", ["", "soon", "2999-01-01", None])
def test_an_override_whose_end_cannot_be_read_has_ended(settings, workspace, registry, until):
    slept(settings, workspace, verdict="REJECT")
    override(settings=settings, workspace=workspace, version="2", by="Ada", reason="because")
    if until is None:
        registry.client.delete_model_version_tag("slumber", "2", "override_until")
    else:
        set_tag(registry, "2", override_until=until)
    assert apply_decisions(settings=settings, workspace=workspace)
    stays(registry)


def test_the_end_of_an_override_is_said_by_the_next_promotion_and_leads_past_other_ended_ones(
    settings, workspace, registry
):
    for night, number in ((FIRST, "2"), (SECOND, "3")):
        slept(settings, workspace, night=night, verdict="REJECT")
        override(settings=settings, workspace=workspace, version=number, by="Ada", reason="because")
        ends(registry, number)
    refused = slept(settings, workspace, night=THIRD, verdict="REJECT")
    assert "override of Ada, by which version 3 serves, ended" in refused.message and refused.champion == "3"
    assert "`slumber rollback 1`" in refused.message
    (said,) = apply_decisions(settings=settings, workspace=workspace)
    assert "Version 1 of night 0 serves again" in said
    stays(registry)


def test_a_promotion_replaces_an_override_for_good(settings, workspace, registry):
    slept(settings, workspace, verdict="REJECT")
    override(settings=settings, workspace=workspace, version="2", by="Ada", reason="because")
    assert slept(settings, workspace, night=SECOND).promoted
    ends(registry, "2")
    assert apply_decisions(settings=settings, workspace=workspace) == []
    stays(registry, "3")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"by": None}, "--by NAME"),
        ({"by": " "}, "--by NAME"),
        ({"by": "x" * 101}, "--by NAME"),
        ({"reason": None}, "--reason"),
        ({"reason": "\n"}, "--reason"),
        ({"reason": "x" * 501}, "--reason"),
        ({"version": "1"}, "base"),
        ({"version": "9"}, "no version 9"),
        ({"version": "3"}, "passed the gate"),
    ],
)
def test_an_override_needs_a_reason_a_name_and_a_refused_version(settings, manual, workspace, registry, given, words):
    slept(settings, workspace, verdict="REJECT")
    slept(manual, workspace, night=SECOND)
    with pytest.raises(SlumberError, match=words):
        override(settings=settings, workspace=workspace, **({"version": "2", "by": "Ada", "reason": "because"} | given))
    stays(registry)
    assert "override_by" not in reading.version(registry, "2").tags
