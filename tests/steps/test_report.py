"""The morning report, from made-up records: what it says, what it escapes, and that it needs nothing but itself."""

import html
import re
from html.parser import HTMLParser

import pytest

from steps.errors import SlumberError
from steps.manifest import StepRecord
from steps.records import (
    AnchorAnswer,
    Answer,
    Check,
    Experience,
    Held,
    LedgerEntry,
    Probe,
    Quarantined,
    Retired,
    Triaged,
    Verdict,
    content_id,
)
from steps.report.examined import by_cohort, compare, gap_closed
from steps.report.page import report
from steps.report.plots import ability_plot, loss_plot
from steps.report.wording import MISSING, Tally, duration, number
from steps.watch.figures import Comparison, Difference
from steps.watch.figures import Tally as Tallied
from steps.watch.record import Watched
from steps.workspace import file_sha256, write_json, write_records

pytestmark = pytest.mark.usefixtures("planted_verdicts")


NIGHT, BEFORE = "2026-11-22", "2026-11-21"
EVIL = "<script>alert(1)</script><img src=http://evil.example/x onerror='alert(2)'>"
STEPS = ("ingest", "validate", "triage", "dream", "consolidate", "examine", "gate")
VOID = {"meta", "img", "br", "source"}


class Page(HTMLParser):
    """Collects text, ids and whatever makes a browser fetch something; refuses tags that do not match."""

    def __init__(self, text):
        super().__init__()
        self.words, self.tags, self.fetched, self.images, self.linked, self.open = [], [], [], [], [], []
        self.feed(text)
        assert not self.open, self.open
        self.text = " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.tags.append(tag)
        self.open += [] if tag in VOID else [tag]
        self.fetched += [found[key] for key in ("src", "srcset", "data", "poster", "background") if key in found]
        self.fetched += [found["href"]] if tag == "link" else []
        self.linked += [found["href"]] if tag == "a" else []
        self.images += [found] if tag == "img" else []
        assert not any(name.startswith("on") for name in found)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open[-1:] != ["style"]:
            self.words.append(data)


def answer(model, question, text, correct, *, cohort=NIGHT, condition="closed", type="recall"):
    key = content_id("probe", question, (question.lower(),))
    return Answer(
        probe=key,
        id=key,
        question=question,
        type=type,
        cohort=cohort,
        source="a.md",
        model=model,
        condition=condition,
        answer=text,
        correct=correct,
    )


def finished(workspace, step, *, outputs=(), seconds=2.0, **figures):
    sums = {str(path.relative_to(workspace.root)): file_sha256(path) for path in outputs}
    record = StepRecord(step=step, night=NIGHT, digest="d", outputs=sums, figures=figures, seconds=seconds)
    write_json(workspace.manifest(NIGHT, step), record.model_dump())


def decided(workspace, verdict, *reasons, checks=()):
    made = Verdict(night=NIGHT, verdict=verdict, reasons=reasons, checks=checks, binding={"base": "b" * 64})
    path = workspace.night_dir(NIGHT) / "verdict.json"
    write_json(path, made.model_dump(mode="json"))
    finished(workspace, "gate", outputs=[path], verdict=verdict)


def brought_in(workspace, *, title="The Lamp"):
    """Leave behind what ingest, validate and triage do."""
    say = dict(night=NIGHT, source="a.md", record=None, text="Text.")
    corpus = [
        Experience(id="e1", kind="document", title=title, **say),
        Experience(id="e2", kind="trace", title="A trace", **say),
    ]
    ledger = [LedgerEntry(file="a.md", record=None, outcome="accepted", reason="accepted", id=key) for key in "12"]
    ledger += [LedgerEntry(file="b.md", record=2, outcome="duplicate", reason="the same as a.md", id="e1")]
    ledger += [LedgerEntry(file="c.md", record=None, outcome="quarantined", reason="empty: no text", id="q")]
    refused = Quarantined(
        id="q",
        night=NIGHT,
        dataset="experiences",
        file="c.md",
        record=None,
        rule="empty",
        reason="no text",
        excerpt=EVIL,
    )
    triaged = [
        Triaged(experience="e1", source="a.md", kind="document", verdict="persist", reason="new"),
        Triaged(experience="e2", source="a.md", kind="trace", verdict="persist", reason="later", waits=True),
    ]
    rows = {"corpus": corpus, "ledger": ledger, "quarantine": [refused], "triage": triaged, "probes": []}
    for name, records in rows.items():
        write_records(workspace.dataset(name, NIGHT), records)
    finished(workspace, "ingest", records=4, seconds=1.0)
    finished(workspace, "validate", outputs=[workspace.dataset("corpus", NIGHT)], experiences=2, probes=0)
    finished(workspace, "triage", outputs=[workspace.dataset("triage", NIGHT)])


def examined(workspace, *, question="Who lit the lamp?"):
    lit = Probe(
        id=content_id("probe", question, (question.lower(),)),
        night=NIGHT,
        question=question,
        answers=("Ada",),
        origin="owner",
        source=None,
        experience=None,
    )
    write_records(workspace.dataset("probes", NIGHT), [lit])
    rows = []
    for model, learned, kept in (("base", False, True), ("champion", False, True), ("candidate", True, False)):
        rows += [answer(model, question, "Ada did." if learned else "No idea.", learned)]
        rows += [answer(model, question, "Ada did.", True, condition="open")]
        rows += [answer(model, "Old fact?", "Yes." if kept else "Gone.", kept, cohort=BEFORE)]
        rows += [answer(model, "Too hard?", f"{model} guesses.", False, type="reverse")]
    write_records(workspace.night_dir(NIGHT) / "examination" / "answers.jsonl", rows)
    anchors = [
        AnchorAnswer(
            id=f"{ability}{n}", ability=ability, model=model, answer="x", correct=n > (model == "candidate"), score=1
        )
        for ability in ("arithmetic", "common_facts")
        for n in range(4)
        for model in ("base", "candidate")
    ]
    write_records(workspace.night_dir(NIGHT) / "examination" / "anchors.jsonl", anchors)
    finished(workspace, "examine")


def whole_night(workspace, **texts):
    brought_in(workspace, title=texts.pop("title", "The Lamp"))
    finished(
        workspace,
        "dream",
        documents=1,
        sentences=4,
        sentences_with_question=3,
        strategies={"question": 7, "rehearsal": 5},
        kept=12,
        held_out=1,
        refused={"gives its answer away": 9},
        examples=[{"strategy": "question", "source": "a.md", "question": "Who?", "answer": "Ada lit it."}],
    )
    losses = [2.0 / step for step in range(1, 50)]
    finished(
        workspace,
        "consolidate",
        losses=losses,
        steps=49,
        training_seconds=125.0,
        tokens_per_second=512.4,
        packed=True,
        nights=[NIGHT],
    )
    examined(workspace, **texts)
    check = Check(name="learned_tonight", status="PASS", reason="+50%", figures={"lower": 0.31234, "items": 2})
    decided(workspace, "PROMOTE", "It learned 1 of 2.", "Nothing earlier was lost.", checks=(check,))
    serving = dict(
        night=NIGHT, promoted=True, message="Version 7 serves now.", candidate="7", champion="7", previous="6"
    )
    write_json(workspace.night_dir(NIGHT) / "promotion.json", serving)


def read(settings, workspace, **links):
    path = report(settings=settings, workspace=workspace, night=NIGHT, steps=STEPS, links=links)
    assert path == workspace.night_dir(NIGHT) / "report.html"
    return Page(path.read_text(encoding="utf-8"))


def test_what_serves_without_a_kind_says_so_first(settings, workspace):
    whole_night(workspace)
    assert "serves now, without" not in read(settings, workspace).text
    path = workspace.night_dir(NIGHT) / "verdict.json"
    verdict = Verdict.from_json(path.read_text(encoding="utf-8"))
    other = verdict.model_copy(update={"binding": verdict.binding | {"left_out": "preferences,corrections"}})
    path.write_text(other.to_json(), encoding="utf-8")
    (workspace.night_dir(NIGHT) / "examination").rename(workspace.night_dir(NIGHT) / "rescued-examination")
    (workspace.night_dir(NIGHT) / "rescued").mkdir()
    (workspace.night_dir(NIGHT) / "rescued-examination").rename(workspace.night_dir(NIGHT) / "rescued" / "examination")
    said = "serves now, without what it did not learn tonight: corrections, preferences."
    assert said in read(settings, workspace).text


def test_a_whole_night(settings, workspace):
    whole_night(workspace)
    page = read(settings, workspace, **{"MLflow version 7": "http://127.0.0.1:5000/#/models/slumber/versions/7"})
    for words in (
        "PROMOTE",
        "It learned 1 of 2.",
        "Nothing earlier was lost.",
        "Version 7 serves now.",
        "0% → 50%",
        "0 → 1 of 2 right",
        "100% → 0%",
        "75% → 50%",
        "2 min 05 s",
        "512 tokens/s",
        "in packed rows",
        "1 of 3 questions were answered wrong before and are answered right now",
        "Expected: Ada",
        "1 of 1 questions that were answered right before are answered wrong now",
        "From the night of 2026-11-21",
        "candidate guesses.",
        "learned tonight",
        "lower 0.312",
        "3 of 4 sentences (75%)",
        "gives its answer away",
        "Ada lit it.",
        "4 records in, 4 accounted for",
        "the same as a.md",
        "no text",
        "Kept tonight, but not learned from yet: 1 trace",
        file_sha256(workspace.dataset("corpus", NIGHT)),
    ):
        assert words in page.text, words
    assert page.linked[-1].startswith("http://127.0.0.1:5000")
    assert len(page.images) == 2 and all(len(image["alt"]) > 30 for image in page.images)


def test_what_is_no_longer_asked_says_why(settings, workspace):
    whole_night(workspace)
    old = Retired(
        id="o",
        probe="o",
        question=f"Who led it? {EVIL}",
        cohort=BEFORE,
        source="a.md",
        why="superseded",
        reason="replaced: Bo leads it.",
    )
    write_records(workspace.night_dir(NIGHT) / "examination" / "retired.jsonl", [old])
    page = read(settings, workspace)
    assert "1 question of earlier nights left the examination" in page.text
    assert "Who led it?" in page.text and "superseded" in page.text and "replaced: Bo leads it." in page.text


def test_nothing_is_fetched_and_nothing_runs(settings, workspace):
    whole_night(workspace, title=EVIL, question=f"Who? {EVIL}")
    page = read(settings, workspace, **{"Dagster": "javascript:alert(1)", EVIL: "http://x.example"})
    assert page.fetched and all(address.startswith("data:image/svg+xml;base64,") for address in page.fetched)
    assert not {"script", "link", "iframe", "object", "base", "form"} & set(page.tags)
    assert EVIL in page.text and "javascript:alert(1)" in page.text  # shown, not obeyed
    assert not any(address.startswith("javascript") for address in page.linked)
    raw = (workspace.night_dir(NIGHT) / "report.html").read_text()
    assert "<script" not in raw and html.escape(EVIL, quote=False).split("'")[0] in raw
    assert not re.search(r"url\(|@import", raw)
    assert "default-src 'none'" in raw


def test_the_same_night_gives_the_same_page(settings, workspace):
    whole_night(workspace)
    path = report(settings=settings, workspace=workspace, night=NIGHT, steps=STEPS)
    before = path.read_bytes()
    assert report(settings=settings, workspace=workspace, night=NIGHT, steps=STEPS).read_bytes() == before
    assert [p.name for p in path.parent.glob(".*.part")] == []


def test_a_night_without_anything_new(settings, workspace):
    brought_in(workspace)
    finished(workspace, "dream", documents=0, sentences=0, kept=0, strategies={}, refused={}, examples=[])
    finished(workspace, "consolidate", skipped="nothing new tonight", examples=0)
    for name in ("answers", "anchors"):
        write_records(workspace.night_dir(NIGHT) / "examination" / f"{name}.jsonl", [])
    finished(workspace, "examine", skipped="no candidate was trained tonight")
    decided(workspace, "NO_OP", "nothing new tonight: the champion stays")
    page = read(settings, workspace)
    assert "NO OP Nothing was trained tonight." in page.text and "nothing new tonight: the champion stays" in page.text
    assert "Training time skipped: nothing new tonight" in page.text
    assert "General abilities not available" in page.text and "0% → 0%" not in page.text
    assert "Not finished" not in page.text


def test_missing_parts_are_called_missing(settings, workspace):
    whole_night(workspace)
    for name in ("answers", "anchors"):
        (workspace.night_dir(NIGHT) / "examination" / f"{name}.jsonl").unlink()
    workspace.manifest(NIGHT, "consolidate").unlink()
    (workspace.night_dir(NIGHT) / "promotion.json").unlink()
    page = read(settings, workspace)
    assert "Not finished: consolidate." in page.text
    assert "it does not serve yet" in page.text and "promotion has not run" in page.text
    assert "Training time not available" in page.text and "closed book not available" in page.text
    assert not page.images


def test_a_night_that_has_hardly_begun(settings, workspace):
    page = read(settings, workspace)
    assert "NO VERDICT" in page.text and "Experiences in not available" in page.text
    assert " 0 " not in page.text.replace("(0%)", "")


def test_what_does_not_fit_is_said(settings, workspace):
    whole_night(workspace)
    write_records(workspace.dataset("corpus", NIGHT), [])
    finished(workspace, "ingest", records=5)
    page = read(settings, workspace)
    assert f"Changed or gone since its step wrote it: data/corpus/{NIGHT}.jsonl" in page.text
    assert "The counts do not add up: 5 records in, 4 in the ledger" in page.text


def test_a_refused_promotion_is_not_green(settings, workspace):
    whole_night(workspace)
    refused = dict(night=NIGHT, promoted=False, message="Not promoted: it differs.", champion="6")
    write_json(workspace.night_dir(NIGHT) / "promotion.json", refused)
    page = read(settings, workspace)
    assert "it was not promoted" in page.text and "version 6. Not promoted: it differs." in page.text
    assert 'class="banner warn"' in (workspace.night_dir(NIGHT) / "report.html").read_text()


PAGES = "http://127.0.0.1:5000/#/experiments/1/traces/"


def talked(workspace, *, wrong="Edda Krann.", said="No, it was Olin Krann.", watch=None):
    """Add a talk with a correction to a whole night, and a part of it that waits for a person."""
    whole_night(workspace)
    messages = [{"role": "user", "content": f"Who built the ferry? {EVIL}"}, {"role": "assistant", "content": wrong}]
    messages += [{"role": "user", "content": said}, {"role": "assistant", "content": "Thanks!"}]
    payload = {"messages": messages, "traces": {"1": "tr-1", "3": "tr-2"}, "user": "ann"}
    known = {"kind": "conversation", "source": "traces/tr-1", "record": None, "title": "", "text": "?"}
    one = Experience(id="talk", night=NIGHT, payload=payload, **known)
    told = {"against": "", "other": "", "why": "bob says otherwise", "question": "Who?", "says": said}
    held = Held(id="h" * 16, night=NIGHT, experience="talk", source=one.source, sentence=0, **told)
    row = Triaged(experience="talk", source=one.source, kind=one.kind, verdict="persist", reason="new", held=(held,))
    write_records(workspace.dataset("corpus", NIGHT), [one])
    write_records(workspace.dataset("triage", NIGHT), [row])
    day = {"exchanges read": 1200, "conversations": 1}
    finished(workspace, "ingest", records=4, kinds={"conversation": 1}, day=day, experiments={"slumber-days": 1200})
    finished(workspace, "remember", written=2, changed=1, removed=0, ended=3, notes=12)
    finished(workspace, "promote", night=NIGHT, promoted=True, message="", watch=watch)


def shown(settings, workspace, pages=PAGES):
    path = report(settings=settings, workspace=workspace, night=NIGHT, steps=STEPS, trace_pages=pages)
    return Page(path.read_text(encoding="utf-8"))


def test_what_people_corrected_leads_to_its_trace(settings, workspace):
    talked(workspace, wrong=f"Edda Krann. {EVIL}")
    page = shown(settings, workspace)
    assert f"{PAGES}tr-1" in page.linked and not {"script", "iframe"} & set(page.tags)
    for words in (
        "1 answer was corrected; 1 waits.",
        "Edda Krann.",
        "It was Olin Krann.",
        "says ann",
        "bob says otherwise; slumber review accept hhhhhhhh has it learned",
        "What waits for a decision",
        "1,200 exchanges read, 1 conversations",
        "from slumber-days (1200)",
        "2 written, 1 changed, 0 removed, 3 ended; 12 kept",
    ):
        assert words in page.text, words
    assert "Morning watch" not in page.text
    assert not [to for to in shown(settings, workspace, "javascript:alert(1)//").linked if "alert" in to]
    assert "tr-1" in shown(settings, workspace, None).text, "without an address its id is told"


def test_the_report_tells_how_the_champion_before_had_fared(settings, workspace):
    tallies = {"champion": Tallied(sessions=9, rated=8, good=2, bad=6), "before": Tallied(sessions=7, rated=7, good=7)}
    differences = {"feedback": Difference(mean=-0.75, at_most=-0.4), "answers": Difference(mean=0.0)}
    known = {"version": "3", "night": BEFORE, "before": "1", "share": 0.5, "state": "withdrawn"}
    watched = Watched(**known, said="Version 3 was withdrawn.", comparison=Comparison(**tallies, **differences))
    talked(workspace, watch=watched.model_dump())
    page = shown(settings, workspace)
    assert "Morning watch of version 3 withdrawn Version 3 was withdrawn." in page.text
    assert "-75.0 (-40.0)" in page.text and "+0.0 (few)" in page.text


def test_a_night_without_talks_shows_nothing_of_them(settings, workspace):
    whole_night(workspace)
    finished(workspace, "ingest", records=4, kinds={"document": 1}, day={"exchanges read": 3, "conversations": 1})
    page = shown(settings, workspace)
    assert "What people corrected" not in page.text and "#corrected" not in page.linked
    assert "What waits for a decision" not in page.text


@pytest.mark.parametrize("name", ["verdict.json", "promotion.json", "examination/answers.jsonl"])
def test_a_damaged_file_is_named(settings, workspace, name):
    whole_night(workspace)
    (workspace.night_dir(NIGHT) / name).write_text("{")
    with pytest.raises(SlumberError, match="damaged"):
        report(settings=settings, workspace=workspace, night=NIGHT, steps=STEPS)


def test_only_identical_questions_are_compared():
    rows = [
        answer("base", "A?", "x", False),
        answer("candidate", "A?", "y", True),
        answer("candidate", "B?", "y", True),
    ]
    found = compare(rows, night=NIGHT, expected={})
    assert (len(found.learned), found.asked, found.alone, found.earlier) == (1, 1, 1, (None, None))
    assert compare(rows[1:], night=NIGHT, expected={}) is None
    assert by_cohort(rows, night=NIGHT)["models"] == ["base", "candidate"]
    assert gap_closed(rows, NIGHT) is None
    assert gap_closed([*rows, answer("base", "A?", "y", True, condition="open")], NIGHT) == 1.0


def test_numbers_and_plots():
    assert [number(v) for v in (None, float("nan"), 0, 12345, 0.98765, True)] == [
        MISSING,
        MISSING,
        "0",
        "12,345",
        "0.988",
        "yes",
    ]
    assert [duration(s) for s in (None, 0.04, 59.6, 3599.7)] == [MISSING, "0.0 s", "1 min 00 s", "1 h 00 min"]
    assert loss_plot([]) is None and ability_plot({}) is None
    assert "0.5 at step 1" in loss_plot([0.5]).alt
    assert "common_facts 50% to 75%" in ability_plot({"common_facts": (Tally(2, 4), Tally(3, 4))}).alt
