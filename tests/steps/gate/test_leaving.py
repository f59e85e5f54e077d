"""One night of several kinds trains once; a kind that fails its suite is left out by a second, smaller training."""

from dataclasses import replace

import pytest

from steps.checkpoint import AdapterCheckpoint
from steps.consolidate.left_out import LEDGER, left_out, still_left_out
from steps.datasets.sidecars import file_md5, sidecar_of
from steps.examine.kinds.suite import KindReply
from steps.forget.removing import clear_work
from steps.forget.request import Request
from steps.gate import conditions
from steps.gate.evidence import _lost
from steps.gate.judging import judge
from steps.gate.kinds import kind_suite, without_lessons
from steps.gate.leaving import not_learned
from steps.gate.recomputed import recomputed
from steps.gate.verdict import RESCUED, read_verdict
from steps.kinds.kind import ASKED
from steps.lifecycle import step_of
from steps.manifest import StepRecord, read_manifests, write_manifest
from steps.night import Night, Told
from steps.records import LEARNED_TONIGHT, Check, Dream, Verdict
from steps.report.page import report
from steps.taught import taught
from steps.workspace import read_records, write_text
from tests.steps.gate.test_gate import evidence
from tests.steps.kinds.shown import demonstration, inbox
from tests.steps.kinds.test_preferences import preference

ALL = conditions.CONDITIONS
FIRST, SECOND = "2026-11-22", "2026-11-23"
STEPS = ("ingest", "validate", "triage", "dream", "consolidate", "examine", "gate", "rescue")


@pytest.fixture
def sleep(tiny_settings, workspace, tmp_path, monkeypatch):
    """Nights of the tiny model, whose general abilities nobody judges."""
    judged = tuple(c for c in conditions.CONDITIONS if c.name in ("demonstrations", "preferences", "canaries"))
    monkeypatch.setattr(conditions, "CONDITIONS", judged)
    consolidate = tiny_settings.consolidate.model_copy(update={"epochs": 10, "learning_rate": 0.01, "rank": 8})
    waits = tiny_settings.night.model_copy(update={"wait": True})

    def go(date, lines, *, told=None, **gate):
        knobs = tiny_settings.gate.model_copy(update=gate)
        settings = tiny_settings.model_copy(update={"consolidate": consolidate, "night": waits, "gate": knobs})
        night = Night.of(settings, workspace, date, inbox=inbox(tmp_path / date, said=lines), lineage=told or Told())
        return night, {name: step_of(name).run(night).figures for name in STEPS}

    return go


def test_a_kind_that_fails_is_left_out_and_taken_up_with_the_next_of_its_kind(sleep, workspace, settings):
    lines = [*map(demonstration, range(14)), *map(preference, range(12))]
    night, figures = sleep(FIRST, lines, drift=1.000001)
    assert {"demonstration", "preference"} <= set(figures["consolidate"].tokens_by_kind), "trained together"
    assert figures["gate"].verdict == "REJECT" and figures["rescue"].verdict == "PROMOTE", figures["rescue"].reasons
    assert figures["rescue"].left_out == "preferences" and left_out(workspace, FIRST) == {"preferences"}
    verdict = read_verdict(workspace, FIRST)
    assert recomputed(night).verdict == "PROMOTE"
    note = next(check for check in verdict.checks if check.name == "left out")
    assert "taken up with the next ones" in note.reason and "free answers" in note.reason

    told = {row.kind: row for row in taught(read_manifests(workspace, FIRST), verdict)}
    assert (told["preference"].state, told["demonstration"].state) == ("left out", "taught")
    assert told["preference"].tokens and told["demonstration"].seconds
    page = report(settings=settings, workspace=workspace, night=FIRST, steps=["ingest"]).read_text()
    assert "Every kind of experience" in page and "left out" in page and "Some of what was held out" in page

    serves = AdapterCheckpoint(night.folder / RESCUED / "adapter", (FIRST,))
    more = [*(demonstration(n) for n in range(20, 32)), *(preference(n) for n in range(20, 31))]
    told = Told(begins_with=serves, serves=serves)
    _, figures = sleep(SECOND, more, told=told, drift=50.0)
    preferred = [d for d in read_records(workspace.dataset("dreams", FIRST), Dream) if d.strategy == "preference"]
    assert figures["consolidate"].taken_up == {"preferences": len(preferred)}
    reasons = {line.split(":")[0]: line for line in figures["gate"].reasons}
    assert "earlier nights'" in reasons["demonstrations"] and "tonight's" in reasons["preferences"]


def test_only_what_was_not_learned_tonight_is_left_out_and_never_all(settings):
    def verdict(**checks):
        made = tuple(Check(name=n.replace("_", " "), status=s, reason="-", figures=f) for n, (s, f) in checks.items())
        return Verdict(night=FIRST, verdict="REJECT", reasons=(), checks=made)

    found = evidence()
    found.taught = frozenset({"documents", "demonstrations"})
    lost = {"learned_tonight": ("PASS", {}), "demonstrations": ("FAIL", {"tonight": "FAIL"})}
    assert not_learned(verdict(**lost), found) == ["demonstrations"]
    assert not_learned(verdict(**lost | {"learned_tonight": ("INCONCLUSIVE", {})}), found) == []
    forgot = {"learned_tonight": ("PASS", {}), "demonstrations": ("FAIL", {"tonight": "PASS"})}
    assert not_learned(verdict(**forgot), found) == [], "leaving out tonight's would not bring them back"
    found.taught = frozenset({"demonstrations"})
    assert not_learned(verdict(**lost), found) == [], "nothing would be left"


@pytest.mark.parametrize(
    ("right", "told", "status", "behind"),
    [
        (20, 5, "FAIL", ["documents"]),
        (24, 5, "PASS", []),
        (24, 6, "PASS", []),  # four questions are too few to speak for themselves
        (0, 5, "FAIL", []),
    ],
)
def test_corrections_do_not_hide_documents_that_were_not_learned(settings, right, told, status, behind):
    """Of 28 probes the first ``right`` are right, and the first four times ``told`` ask what users corrected."""
    found = evidence(tonight=(0, 0, right))
    found.taught, found.corrected = ASKED, frozenset(f"p{n}" for n in range(4 * told))
    verdict = judge(found, settings)
    learned = next(check for check in verdict.checks if check.name == LEARNED_TONIGHT)
    assert learned.status == status and ("by themselves" in learned.reason) == (status == "FAIL"), learned.reason
    assert not_learned(verdict, found) == behind
    if behind:
        verdict = judge(without_lessons(found, behind), settings)
        learned = next(check for check in verdict.checks if check.name == LEARNED_TONIGHT)
        assert (learned.status, learned.figures["items"]) == ("PASS", 4 * told)


def test_documents_that_are_not_learned_cost_no_correction(sleep, workspace, monkeypatch):
    judged = tuple(c for c in ALL if c.name == LEARNED_TONIGHT)
    monkeypatch.setattr(conditions, "CONDITIONS", judged)

    def corrected(number):
        said = (
            f"Who keeps tower {number}?",
            "Brok keeps it.",
            "No, Ann Lo keeps it.",
        )
        turns = [
            {"role": role, "content": text} for role, text in zip(("user", "assistant", "user"), said, strict=True)
        ]
        return {"kind": "conversation", "messages": turns, "user": f"u{number}"}

    text = " ".join(f"The ferry Aldis{n} carried {n * 37} barrels of salt." for n in range(1, 9))
    lines = [*map(corrected, range(14)), {"kind": "document", "title": "Ferries", "text": text, "source": "ferries"}]
    asked = [f"How many barrels of salt did the ferry Aldis{n} carry?" for n in range(1, 9)]
    lines += [{"kind": "probe", "question": q, "answers": ["unheard of"], "source": "ferries"} for q in asked]
    night, figures = sleep(FIRST, lines, min_probes=8)
    assert figures["rescue"].left_out == "documents", (figures["gate"].reasons, figures["rescue"].reasons)
    assert figures["rescue"].verdict == "PROMOTE" and recomputed(night).verdict == "PROMOTE"
    told = {row.kind: row for row in taught(read_manifests(workspace, FIRST), read_verdict(workspace, FIRST))}
    assert (told["document"].state, told["conversation"].state) == ("left out", "taught")


def test_what_the_champion_was_not_taught_of_an_earlier_night_cannot_be_lost():
    found = evidence()
    (cohort,) = found.earlier_cohorts
    found.never_taught, found.corrected = {cohort: frozenset({"documents"})}, frozenset({"a talk"})
    assert found.is_earlier(cohort, "a talk") and not found.is_earlier(cohort, "a page")


def test_what_was_taught_and_not_held_out_or_not_asked_decides_nothing(settings):
    found = evidence()
    assert kind_suite(found, settings.gate, suite="demonstrations").status == "NOT_APPLICABLE"
    found.taught = frozenset({"demonstrations"})
    assert kind_suite(found, settings.gate, suite="demonstrations").status == "INCONCLUSIVE"
    found.expected_kinds = {"demonstrations": {"a": found.night}}
    assert "not asked" in kind_suite(found, settings.gate, suite="demonstrations").reason


def test_what_was_left_out_is_taken_up_once_and_not_asked_before_that(workspace, settings):
    def done(night, *, out="", taken=None):
        verdict = Verdict(night=night, verdict="PROMOTE", reasons=(), checks=(), binding={"left_out": out})
        write_text(workspace.night_dir(night) / "verdict.json", verdict.to_json())
        record = StepRecord(
            step="consolidate", night=night, digest="", outputs={}, figures={"taken_up": taken}, seconds=0
        )
        write_manifest(workspace, record)

    done(FIRST, out="facts")
    assert still_left_out(workspace, [FIRST]) == {FIRST: {"documents", "corrections"}}, "its name before"
    done(FIRST, out="preferences")
    assert still_left_out(workspace, [FIRST]) == {FIRST: {"preferences"}}
    done(SECOND, out="preferences", taken={"preferences": 3})
    assert set(still_left_out(workspace, [FIRST, SECOND])) == {FIRST, SECOND}, "left out again"
    done(SECOND, taken={"preferences": 3})
    assert still_left_out(workspace, [FIRST, SECOND]) == {}
    assert still_left_out(workspace, [FIRST]) == {FIRST: {"preferences"}}, "the champion has not learned the second"

    found, before = evidence(), "2026-11-01"
    found.met, found.expected_kinds = frozenset({before}), {"preferences": {"a": before}}
    row = {"suite": "preferences", "id": "a", "cohort": before, "source": "", "question": "?"}
    said = {"log_probabilities": (-1.0,), "tokens": (1,), "signs": (1,)}
    found.kinds = [KindReply(model=who, **row, **said) for who in ("candidate", "champion")]
    assert kind_suite(found, settings.gate, suite="preferences").status != "NOT_APPLICABLE"
    found.never_taught = {before: frozenset({"preferences"})}
    assert "never taught" in kind_suite(found, settings.gate, suite="preferences").reason


def test_what_was_left_out_and_taken_up_is_known_after_something_was_forgotten(workspace):
    """Forgetting clears manifests, and the night that is built again has a verdict of its own."""

    def done(night, *, out="", taken=None):
        verdict = Verdict(night=night, verdict="PROMOTE", reasons=(), checks=(), binding={"left_out": out})
        write_text(workspace.night_dir(night) / "verdict.json", verdict.to_json())
        figures = {"taken_up": taken}
        write_manifest(
            workspace, StepRecord(step="consolidate", night=night, digest="", outputs={}, figures=figures, seconds=0)
        )

    done(FIRST, out="preferences")
    done(SECOND, out="demonstrations", taken={"preferences": 3})
    before = still_left_out(workspace, [FIRST, SECOND])
    assert before == {SECOND: {"demonstrations"}}
    request = Request(id="r", night=SECOND, first=FIRST, experiences=("e",), probes=())
    for _ in range(2):  # a killed request is gone through again
        clear_work(request, workspace)
        assert still_left_out(workspace, [FIRST, SECOND]) == before
        done(SECOND)  # built again
        assert still_left_out(workspace, [FIRST, SECOND]) == before
    (workspace.night_dir(SECOND) / LEDGER).unlink()  # as a night does that is run anew
    assert still_left_out(workspace, [FIRST, SECOND]) == {FIRST: {"preferences"}}


def test_many_answers_to_one_prompt_are_one_item(settings):
    def said(prompts):
        rows = [
            KindReply(
                suite="preferences",
                id=str(number),
                cohort=FIRST,
                source="s",
                question=f"May boat {number % prompts} leave?",
                model=model,
                log_probabilities=(float(model == "candidate") * (10 + number % 7), 0.0),
                tokens=(2, 2),
                signs=(1, -1),
            )
            for number in range(60)
            for model in ("candidate", "champion", "shuffled")
        ]
        found = replace(evidence(), night=FIRST, taught=frozenset({"preferences"}), kinds=rows)
        found.expected_kinds = {"preferences": {str(number): FIRST for number in range(60)}}
        return kind_suite(found, settings.gate, suite="preferences")

    assert said(60).figures["tonight, reward margin, lower_bound"] > 0
    assert "only 2 of tonight are held out" in said(2).reason


def test_a_corpus_that_what_was_held_out_is_missing_from_is_told(settings, workspace):
    """Else an earlier night's suite would have no items, and nothing to lose."""
    for name in ("probes", "unseen", "corpus"):
        path = workspace.dataset(name, FIRST)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("" if name == "probes" else "{}\n")
        sidecar_of(path).write_text(f"outs:\n- md5: {file_md5(path)}\n")
    night = Night.of(settings, workspace, SECOND)
    assert _lost(night, [FIRST]) == []
    workspace.dataset("corpus", FIRST).write_text("")
    assert "not here as they were stored" in _lost(night, [FIRST])[0]
