"""`slumber forget`: out of data, versions and weights, through the gate, and for good."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner

from bench.gate_demo import FIRST, SECOND
from bench.toy_model import asked, write_day
from orchestration import cli, forgetting
from orchestration.alerts import record_alert
from orchestration.environment import Deployment
from orchestration.status import status_table
from steps.consolidate.step import ConsolidateStep
from steps.errors import SlumberError
from steps.examine.asking import Asked
from steps.examine.eval_set import NOT_KEPT, predictions
from steps.examine.reading import marked, read_examination
from steps.forget.finding import find_request
from steps.forget.removing import clear_work, remove_records
from steps.forget.request import pending, refuse_while_forgetting
from steps.manifest import StepRecord, read_manifest, write_manifest
from steps.model.loading import base_folder, base_sha256
from steps.promote.approval import override
from steps.promote.returning import apply_decisions
from steps.records import Dream, Experience, Probe
from steps.registry import Registry, promotion, reading
from steps.registry.lineage import training_start
from steps.workspace import Workspace, file_sha256, read_records, write_records
from tests.orchestration.two_nights import OWNER, SUBJECT, THIRD, TODAY, judged, spend_day


def everything_in(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file() and not path.is_symlink()}


def holders(folder, text):
    """Files that hold ``text``, but for the database pages and the request."""
    found = everything_in(folder)
    return sorted(str(p.relative_to(folder)) for p, data in found.items() if text.encode() in data)


def shown(deployment):
    """What `slumber status` says."""
    table = status_table(deployment)
    return " ".join(str(cell) for column in table.columns for cell in column.cells)


def test_what_is_forgotten_is_nowhere_and_the_rest_is_kept(deployment, champion):
    workspace, registry = deployment.workspace, Registry(deployment.settings, deployment.workspace)
    assert holders(workspace.root, f"Who owns {SUBJECT}?") and holders(workspace.root, f"is {OWNER}.")
    before = read_records(workspace.dataset("dreams", SECOND), Dream)

    done = forgetting.run_forget(deployment, source=SUBJECT)

    assert done.verdict == "PROMOTE", done.reasons
    assert done.erased == ("2",) and done.serves_still is None
    assert "forgotten on request: of 2 questions about it the candidate answers 0" in " ".join(done.reasons)
    serving = reading.champion(registry)
    assert serving.version == "3" and not serving.must_forget
    assert len(read_records(workspace.dataset("dreams", SECOND), Dream)) == len(before) - 2
    assert SUBJECT not in {e.id for e in read_records(workspace.dataset("corpus", SECOND), Experience)}
    assert SUBJECT not in {p.id for p in read_records(workspace.dataset("probes", SECOND), Probe)}
    assert holders(workspace.root, f"Who owns {SUBJECT}?") == []
    assert holders(workspace.root, f"is {OWNER}.") == []
    assert pending(workspace) is None
    folder = workspace.night_dir(SECOND) / "examination"
    found = read_examination(folder)
    rows = [*marked(found.answers), *found.canaries]
    assert {row.answer for row in rows if row.model == "champion"} == {NOT_KEPT}
    assert all(row.answer != NOT_KEPT for row in rows if row.model != "champion")
    base = base_sha256(base_folder(deployment.settings.model))
    said = predictions(champion, base_digest=base, settings=deployment.settings, workspace=workspace)
    asked_for = {Asked(row.question, None).key for row in found.answers}
    assert len(said.missing(asked_for)) == len(asked_for), "its answers are gone"
    assert not holders(folder, OWNER) and all(row.scored is None for row in found.answers)
    weights = file_sha256(champion / "adapter_model.safetensors")
    assert not [path for path in workspace.root.rglob("*.safetensors") if file_sha256(path) == weights]

    # It cannot come back: not by rollback, not by going on from the old champion, not from the trail.
    with pytest.raises(SlumberError, match="cannot serve again"):
        promotion.rollback(registry, "2")
    assert promotion.rollback(registry)[1].version == "1"
    trail = " ".join(f"{entry.action} {entry.reason}" for entry in reading.trail(registry))
    assert "forget request" in trail and "erase request" in trail
    assert SUBJECT not in trail and OWNER not in trail


def test_a_refused_successor_leaves_the_champion_and_says_so(deployment):
    workspace = deployment.workspace
    hurried = {"epochs": 1, "learning_rate": 0.0001}  # learns nothing, so the rest would be forgotten, too
    settings = deployment.settings.model_copy(
        update={"consolidate": deployment.settings.consolidate.model_copy(update=hurried)}
    )
    done = forgetting.run_forget(Deployment(settings, workspace, deployment.inbox), source=SUBJECT)
    registry = Registry(settings, workspace)
    assert done.verdict == "REJECT" and done.serves_still == "2"
    assert "STILL SERVES" in forgetting.forgotten_text(done)
    assert "version 2 knows what was to be forgotten" in shown(deployment)
    assert reading.champion(registry).version == "2" and reading.adapter_of(
        registry, reading.champion(registry), workspace.root / "a"
    )
    assert training_start(settings=settings, workspace=workspace, night="2026-01-03") is None  # from the base
    assert pending(workspace) is None

    # A person lets it serve all the same: now the old one goes, and the override's end does not lead back to it.
    told = override(settings=settings, workspace=workspace, version="3", reason="asked to", by="Ada").message
    assert "goes back to version 1" in told and "Erased" in told and reading.version(registry, "2").erased
    past = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    registry.client.set_model_version_tag("slumber", "3", "override_until", past)
    assert "Version 1 of night 0 serves again" in " ".join(apply_decisions(settings=settings, workspace=workspace))


@pytest.mark.parametrize("left", [0, 1])
def test_only_what_was_learned_since_is_built_again(deployment, toy, champion, left):
    """The third night brought one or two facts; the champion of the second had met none of them."""
    workspace, told = deployment.workspace, [("the dock zorn", "olet"), ("the dock erik", "kire")][: 1 + left]
    spend_day(deployment, toy, THIRD, told)
    judged(deployment, THIRD, toy.adapter(f"third-{left}", [*asked(told), *toy.general], start=champion))
    override(settings=deployment.settings, workspace=workspace, version="3", reason="few probes", by="Ada")

    done = forgetting.run_forget(deployment, source="the dock zorn")

    registry = Registry(deployment.settings, workspace)
    if left:
        figures = ConsolidateStep.read(workspace, THIRD).figures
        assert figures.begins_with == f"the champion of night {SECOND}" and figures.cohorts == [THIRD]
        assert "of 2 questions about it the candidate answers 0" in " ".join(done.reasons)
    else:
        assert done.verdict == "NO_OP" and reading.champion(registry).version == "2", (
            "it serves again; nothing was trained"
        )
        assert done.erased == ("3",) and done.serves_still is None
        assert "Version 2 serves now." in forgetting.forgotten_text(done)


@pytest.mark.parametrize("where", ["erase_versions", "clear_work", "close"])  # before, between, after promotion
def test_a_request_that_was_cut_off_is_finished_and_keeps_nights_out(deployment, monkeypatch, where):
    whole = getattr(forgetting, where)

    def cut(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(forgetting, where, cut)
    with pytest.raises(KeyboardInterrupt):
        forgetting.run_forget(deployment, source=SUBJECT)
    with pytest.raises(SlumberError, match="unfinished"):
        refuse_while_forgetting(deployment.workspace)
    assert "request to forget is unfinished" in shown(deployment)
    with pytest.raises(SlumberError, match="Another request"):
        forgetting.run_forget(deployment, source=TODAY[1][0])

    monkeypatch.setattr(forgetting, where, whole)
    done = forgetting.run_forget(deployment)
    assert done.erased == ("2",) and done.serves_still is None
    assert reading.champion(Registry(deployment.settings, deployment.workspace)).version == "3"
    refuse_while_forgetting(deployment.workspace)
    assert holders(deployment.workspace.root, f"Who owns {SUBJECT}?") == []


def test_nothing_is_removed_without_consent(deployment, monkeypatch):
    monkeypatch.setattr(cli.decisions, "deployment", lambda **_: deployment)
    before = {path: data for path, data in everything_in(deployment.workspace.data).items()}
    told = CliRunner().invoke(cli.app, ["forget", "--source", SUBJECT], input="n\n")
    assert told.exit_code == 2 and "1 experience and 1 probe of the quay zorn go" in told.output
    assert "Nothing was removed." in told.output
    assert everything_in(deployment.workspace.data) == before and pending(deployment.workspace) is None


def test_what_nobody_met_cannot_be_forgotten(deployment):
    for asked_for in ({"source": "nowhere.md"}, {"record": "0" * 16}):
        with pytest.raises(SlumberError, match="No night has met"):
            forgetting.run_forget(deployment, **asked_for)
    with pytest.raises(SlumberError, match="Say what"):
        forgetting.run_forget(deployment)
    assert pending(deployment.workspace) is None


def test_what_stays_of_a_rebuilt_night_are_figures_on_the_files_as_they_are(workspace):
    write_day(workspace, FIRST, [("the ford abod", "doba"), ("the mill erik", "kire")])
    told = {"examples": [{"question": "Who owns the ford abod?"}], "kept": 7}
    corpus, scratch = workspace.dataset("corpus", FIRST), workspace.night_dir(FIRST) / "ingest"
    scratch.mkdir(parents=True)
    outputs = {str(path.relative_to(workspace.root)): file_sha256(path) for path in (corpus, scratch)}
    same = {"night": FIRST, "digest": "d", "seconds": 1.0}
    write_manifest(workspace, StepRecord(step="dream", figures=told, outputs=outputs, **same))
    write_manifest(workspace, StepRecord(step="examine", figures=told, outputs={}, **same))
    request = find_request(workspace, record="the ford abod").model_copy(update={"night": FIRST})
    remove_records(request, workspace)
    clear_work(request, workspace)
    left = read_manifest(workspace, night=FIRST, step="dream")
    assert left.figures == {"kept": 7} and list(left.outputs.values()) == [file_sha256(corpus)]
    assert [path.name for path in workspace.night_dir(FIRST).iterdir()] == ["dream.manifest.json"]


def test_alerts_of_the_nights_that_met_it_go_and_a_torn_line_stops_nothing(workspace):
    write_day(workspace, SECOND, [("the ford abod", "doba")])
    for night in (FIRST, SECOND, None):
        record_alert(workspace, night=night, run_id="r", message="a disk was full")
    path = workspace.state / "alerts.jsonl"
    path.write_bytes(path.read_bytes() + b'{"night": "2026-01-01", "mess\xc3')
    clear_work(find_request(workspace, record="the ford abod"), workspace)
    assert [json.loads(line)["night"] for line in path.read_text().splitlines()] == [FIRST, None]


def test_what_a_killed_process_had_half_written_goes(workspace):
    write_day(workspace, FIRST, [("the ford abod", "doba"), ("the mill erik", "kire")])
    left = [workspace.dataset("corpus", FIRST), workspace.night_dir(FIRST) / "ingest" / "experiences.jsonl"]
    for path in left:
        path.parent.mkdir(parents=True, exist_ok=True)
        (path.parent / f".{path.name}.abc.part").write_text("the ford abod")
    remove_records(find_request(workspace, record="the ford abod"), workspace)
    assert not list(workspace.root.rglob("*.part")) and left[0].exists()


def test_a_probe_without_a_source_goes_with_the_text_that_answers_it(workspace, tmp_path):
    write_day(workspace, FIRST, [("the ford abod", "doba"), ("the mill erik", "kire")])
    path = workspace.dataset("probes", FIRST)
    probes = [p.model_copy(update={"source": None, "experience": None}) for p in read_records(path, Probe)]
    write_records(path, probes)
    request = find_request(Workspace(workspace.root), record="the ford abod")
    assert request.probes == ("the ford abod",) and request.experiences == ("the ford abod",)
