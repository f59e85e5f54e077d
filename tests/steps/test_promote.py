"""Registration and promotion of a night, with a real MLflow on SQLite."""

import json
import shutil

import pytest

from steps.errors import SlumberError
from steps.manifest import StepRecord
from steps.promote.description import changes, describe
from steps.promote.registering import attach_report, promote, register
from steps.promote.returning import rollback
from steps.promote.suites import by_suite, suite_table
from steps.records import AnchorAnswer, Answer, Check, Verdict
from steps.registry import RegistryUnreachable, reading
from steps.workspace import file_sha256, write_json, write_records

pytestmark = pytest.mark.usefixtures("planted_verdicts")

NIGHT = "2026-11-22"


def answer(model, text, *, correct, id="q1", cohort=NIGHT, condition="closed"):
    return Answer(
        probe=id,
        id=id,
        question=f"What is | {id}?",
        type="recall",
        cohort=cohort,
        source="a.md",
        model=model,
        condition=condition,
        answer=text,
        correct=correct,
    )


def finished(workspace, *, night=NIGHT, verdict="PROMOTE", weights="weights", **changed):
    """Write what the steps of one night leave behind; return its verdict."""
    work = workspace.night_dir(night)
    (work / "adapter").mkdir(parents=True, exist_ok=True)
    (work / "adapter" / "adapter_config.json").write_text("{}")
    (work / "adapter" / "adapter_model.safetensors").write_text(weights)
    answers = [
        answer("base", "a tram?\n<b>", correct=False, cohort=night),
        answer("candidate", "The red lighthouse", correct=True, cohort=night),
        answer("base", "right", correct=True, id="q0", cohort="2026-01-01"),
        answer("candidate", "wrong", correct=False, id="q0", cohort="2026-01-01"),
        answer("candidate", "open book", correct=False, cohort=night, condition="open"),
    ]
    write_records(work / "examination" / "answers.jsonl", answers)
    write_records(work / "examination" / "anchors.jsonl", [])
    binding = dict.fromkeys(("base", "data", "parameters", "examination", "code"), "d" * 8)
    binding["adapter"] = file_sha256(work / "adapter")
    checks = (Check(name="acquisition", status="PASS", reason="learned", figures={"lower": 0.4, "items": 12}),)
    made = Verdict(
        night=night,
        verdict=verdict,
        reasons=("it learned",),
        checks=checks,
        binding=binding | changed.pop("binding", {}),
    )
    write_json(work / "verdict.json", made.model_copy(update=changed).model_dump())
    return made


def manifest(workspace, step, *, outputs=(), **figures):
    sums = {str(path.relative_to(workspace.root)): file_sha256(path) for path in outputs}
    record = StepRecord(step=step, night=NIGHT, digest="d", outputs=sums, figures=figures, seconds=1.5)
    write_json(workspace.manifest(NIGHT, step), record.model_dump())


def both(settings, workspace, night=NIGHT):
    register(settings=settings, workspace=workspace, night=night)
    return promote(settings=settings, workspace=workspace, night=night)


def test_a_rescued_candidate_is_registered_and_serves_at_its_scale(settings, workspace, registry):
    made = finished(workspace)
    whole, rescued = workspace.night_dir(NIGHT), workspace.night_dir(NIGHT) / "rescued"
    for name in ("adapter", "examination"):
        shutil.copytree(whole / name, rescued / name)
    (rescued / "adapter" / "adapter_model.safetensors").write_text("scaled weights")
    binding = made.binding | {"adapter": file_sha256(rescued / "adapter"), "scale": "0.6"}
    write_json(whole / "verdict.json", made.model_copy(update={"binding": binding}).model_dump())
    assert both(settings, workspace).promoted
    assert (
        reading.champion(registry).adapter_sha256 == file_sha256(rescued / "adapter") != file_sha256(whole / "adapter")
    )


def test_a_promoted_night_serves(settings, workspace, registry):
    finished(workspace)
    manifest(workspace, "dream", kept=7, by={"recall": 3}, name="text", flag=True)
    version = register(settings=settings, workspace=workspace, night=NIGHT, dagster_run_id="run-1")
    assert version.tags["learned"] == "1 of 1" and version.tags["forgot"] == "1 of 1"
    assert version.tags["dagster_run_id"] == "run-1" and version.tags["champion_before"] == "1"
    run = registry.client.get_run(version.run_id)
    assert run.data.metrics == {
        "gate.acquisition.lower": 0.4,
        "gate.acquisition.items": 12,
        "dream.kept": 7,
        "dream.by.recall": 3,
        "dream.seconds": 1.5,
    }
    assert run.data.params["consolidate.rank"] == str(settings.consolidate.rank)
    names = {item.path for item in registry.client.list_artifacts(version.run_id)}
    assert names == {"adapter", "examination", "verdict.json", "manifests"}

    promotion = promote(settings=settings, workspace=workspace, night=NIGHT)
    assert promotion.promoted and (promotion.candidate, promotion.champion, promotion.previous) == ("2", "2", "1")
    assert json.loads((workspace.night_dir(NIGHT) / "promotion.json").read_text()) == promotion.model_dump()
    assert register(settings=settings, workspace=workspace, night=NIGHT).version == "2"
    again = promote(settings=settings, workspace=workspace, night=NIGHT)
    assert again.promoted and again.previous == "1" and len(reading.history(registry)) == 2

    (workspace.night_dir(NIGHT) / "report.html").write_text("<p>Good morning")
    for _ in range(2):
        attach_report(settings=settings, workspace=workspace, night=NIGHT, links={"Dagster run": "http://d/runs/1"})
    lines = reading.version(registry, "2").description.split("\n")
    assert lines[:2] == [f"# Night {NIGHT}: PROMOTE", ""]
    assert "artifacts/report.html), " in lines[2] and lines[2].endswith("[Dagster run](http://d/runs/1)")
    assert lines[3:5] == ["", "- it learned"] and sum(line.startswith("See: ") for line in lines) == 1
    assert "report.html" in {item.path for item in registry.client.list_artifacts(version.run_id)}

    old, new = rollback(settings=settings, workspace=workspace)
    assert (old.version, new.version) == ("2", "1")
    refused = both(settings, workspace)
    assert not refused.promoted and "rollback" in refused.message and refused.champion == "1"


@pytest.mark.parametrize("verdict", ["REJECT", "INCONCLUSIVE"])
def test_what_did_not_pass_is_registered_but_never_serves(settings, workspace, registry, verdict):
    finished(workspace, verdict=verdict)
    promotion = both(settings, workspace)
    assert reading.history(registry)[0].verdict == verdict
    assert not promotion.promoted and verdict in promotion.message and promotion.champion == "1"


def test_nothing_learned_registers_nothing(settings, workspace, registry):
    write_json(
        workspace.night_dir(NIGHT) / "verdict.json", Verdict(night=NIGHT, verdict="NO_OP", reasons=()).model_dump()
    )
    assert register(settings=settings, workspace=workspace, night=NIGHT) is None
    promotion = promote(settings=settings, workspace=workspace, night=NIGHT)
    assert not promotion.promoted and promotion.champion == "1" and len(reading.history(registry)) == 1


def edit(workspace, **changed):
    path = workspace.night_dir(NIGHT) / "verdict.json"
    write_json(path, json.loads(path.read_text()) | changed)


def test_a_verdict_edited_after_registration_does_not_promote(settings, workspace, registry):
    finished(workspace, verdict="REJECT")
    register(settings=settings, workspace=workspace, night=NIGHT)
    edit(workspace, verdict="PROMOTE")
    promotion = promote(settings=settings, workspace=workspace, night=NIGHT)
    assert not promotion.promoted and "REJECT" in promotion.message and promotion.champion == "1"


@pytest.mark.parametrize("key", ["base", "data", "parameters", "examination", "code"])
def test_a_verdict_on_something_else_does_not_promote(settings, workspace, registry, key):
    made = finished(workspace)
    register(settings=settings, workspace=workspace, night=NIGHT)
    edit(workspace, binding=made.binding | {key: "other"})
    promotion = promote(settings=settings, workspace=workspace, night=NIGHT)
    assert not promotion.promoted and f"differ in {key}" in promotion.message and promotion.champion == "1"


@pytest.mark.parametrize("key", ["base", "adapter", "data", "parameters", "examination", "code"])
def test_a_verdict_that_binds_too_little_does_not_promote(settings, workspace, registry, key):
    made = finished(workspace)
    edit(workspace, binding={name: value for name, value in made.binding.items() if name != key})
    promotion = both(settings, workspace)
    assert not promotion.promoted and key in promotion.message and promotion.champion == "1"


def harm_stored(workspace, pattern, text):
    for stored in (workspace.state / "mlflow" / "artifacts").rglob(pattern):
        if text is None:
            stored.unlink()
        else:
            stored.write_text(text)


@pytest.mark.parametrize(
    ("pattern", "text", "reason"),
    [
        ("adapter_model.safetensors", "tampered", "tampered with"),
        ("adapter_model.safetensors", None, "tampered with"),
        ("verdict.json", None, "missing"),
        ("verdict.json", "{}", "missing or was changed"),
    ],
)
def test_harmed_artifacts_do_not_promote(settings, workspace, registry, pattern, text, reason):
    finished(workspace)
    register(settings=settings, workspace=workspace, night=NIGHT)
    harm_stored(workspace, pattern, text)
    promotion = promote(settings=settings, workspace=workspace, night=NIGHT)
    assert not promotion.promoted and reason in promotion.message and promotion.champion == "1"


def test_a_changed_verdict_tag_does_not_promote(settings, workspace, registry):
    finished(workspace, verdict="REJECT")
    version = register(settings=settings, workspace=workspace, night=NIGHT)
    registry.client.set_model_version_tag("slumber", version.version, "verdict", "PROMOTE")
    assert not promote(settings=settings, workspace=workspace, night=NIGHT).promoted


def test_promotion_without_verdict_or_registration_is_refused(settings, workspace, registry):
    assert "verdict.json is missing" in promote(settings=settings, workspace=workspace, night=NIGHT).message
    finished(workspace)
    promotion = promote(settings=settings, workspace=workspace, night=NIGHT)
    assert not promotion.promoted and "No version" in promotion.message


def test_a_candidate_examined_against_an_older_champion_does_not_serve(settings, workspace, registry):
    finished(workspace)
    register(settings=settings, workspace=workspace, night=NIGHT)
    finished(workspace, night="2026-11-23", weights="more")
    assert both(settings, workspace, "2026-11-23").promoted
    promotion = promote(settings=settings, workspace=workspace, night=NIGHT)
    assert not promotion.promoted and "3 serves now" in promotion.message and promotion.champion == "3"


@pytest.mark.parametrize(
    "missing", ["verdict.json", "adapter/adapter_config.json", "examination/answers.jsonl", "examination/anchors.jsonl"]
)
def test_registration_needs_verdict_adapter_and_examination(settings, workspace, registry, missing):
    finished(workspace)
    (workspace.night_dir(NIGHT) / missing).unlink()
    with pytest.raises(SlumberError, match="missing"):
        register(settings=settings, workspace=workspace, night=NIGHT)
    assert len(reading.history(registry)) == 1


def test_registration_refuses_an_adapter_changed_after_its_verdict(settings, workspace, registry):
    finished(workspace)
    (workspace.night_dir(NIGHT) / "adapter" / "adapter_model.safetensors").write_text("others")
    with pytest.raises(SlumberError, match="changed after its verdict"):
        register(settings=settings, workspace=workspace, night=NIGHT)


def test_registration_needs_night_zero_and_the_verdict_of_its_own_night(settings, workspace, migrated):
    finished(workspace, night="2026-11-21")
    with pytest.raises(SlumberError, match="night 0"):
        register(settings=settings, workspace=workspace, night="2026-11-21")
    finished(workspace)
    edit(workspace, night="2026-11-21")
    with pytest.raises(SlumberError, match="verdict of night 2026-11-21"):
        register(settings=settings, workspace=workspace, night=NIGHT)


def test_an_unreachable_registry_decides_nothing_and_leaves_no_old_decision(settings, workspace, monkeypatch):
    finished(workspace)
    write_json(workspace.night_dir(NIGHT) / "promotion.json", {"promoted": True})
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    with pytest.raises(RegistryUnreachable):
        promote(settings=settings, workspace=workspace, night=NIGHT)
    assert not (workspace.night_dir(NIGHT) / "promotion.json").exists()


def test_the_description_shows_examples_without_their_markup(workspace):
    made = finished(workspace)
    answers = [
        answer("base", "base says", correct=True),
        answer("champion", "<script>|\n*x*", correct=False),
        answer("candidate", "the lighthouse " * 50, correct=True),
        answer("candidate", "not compared with anything", correct=True, id="q9"),
    ]
    found = changes(answers, night=NIGHT)
    assert (len(found.learned), found.asked, len(found.forgot), found.kept) == (1, 1, 0, 0)
    text = describe(made, found)
    assert text.startswith(f"# Night {NIGHT}: PROMOTE\n\n- it learned\n")
    assert "| acquisition | PASS | learned |" in text
    assert "&lt;script&gt;\\| \\*x\\*" in text and "<script>" not in text
    assert "## Learned: 1 of 1 questions of this night" in text and len(text) < 1200


def test_suites_are_shown_side_by_side_where_both_were_asked_alike():
    def asked(model, rights, ability):
        return [
            AnchorAnswer(id=f"{ability}{n}", ability=ability, model=model, answer="", correct=right, score=float(right))
            for n, right in enumerate(rights)
        ]

    known = [n < 30 for n in range(40)]
    worse = [n < 24 for n in range(40)]
    anchors = asked("champion", known, "sums") + asked("candidate", worse, "sums")
    anchors += asked("champion", known, "reading") + asked("candidate", known[:-1], "reading")
    probes = [answer(m, "", correct=m == "candidate", id=f"q{n}") for m in ("champion", "candidate") for n in range(20)]
    for cohort in ("2026-11-20", "2026-11-21"):  # the champion was refused after the second
        probes += [
            answer(m, "", correct=n < 15, id=f"{cohort}-{n}", cohort=cohort)
            for m in ("champion", "candidate")
            for n in range(20)
        ]
    found = {suite.name: suite for suite in by_suite(probes, anchors, night=NIGHT, met=["2026-11-20", NIGHT])}
    assert set(found) == {"tonight", "night 2026-11-20", "sums"}
    sums = found["sums"]
    assert (sums.items, sums.champion, sums.candidate) == (40, 30, 24)
    assert sums.change == -0.15 and sums.lower < -0.15 < sums.upper
    lines = suite_table(list(found.values()))
    assert any(line.startswith("| sums | 40 | 75.0 | 60.0 | -15.0 (-") for line in lines)
    assert suite_table([]) == []
