"""A night of traces: principles are taught, some of their cases are held out, examined and judged by their suite."""

import json

from orchestration.metadata import step_metadata
from steps.agreed import agreed, warned
from steps.dream.step import DreamStep
from steps.gate.kinds import TONIGHT
from steps.kinds.trace.lessons import STRATEGY
from steps.lifecycle import step_of
from steps.night import Night, Told
from steps.promote.description import changes, describe
from steps.records import Carried, Dream, Verdict, content_id
from steps.report.page import report
from steps.workspace import read_records, write_records

NIGHT = "2026-11-22"


def lines(numbers):
    for n in numbers:
        tries = (("71", f"{n}", "error: unknown order: this depot wants the prefix R-"), ("72", f"R-{n}", "left Riga"))
        messages = [{"role": "user", "content": f"Where is order {n}?"}]
        for number, given, answer in tries:
            function = {"name": "find_order", "arguments": json.dumps({"id": given})}
            called = [{"id": number, "type": "function", "function": function}]
            messages.append({"role": "assistant", "content": None, "tool_calls": called})
            messages.append({"role": "tool", "tool_call_id": number, "content": answer})
        yield json.dumps({"kind": "trace", "messages": messages, "user": f"u{n % 3}"})


def test_a_night_of_traces(tiny_settings, workspace, tmp_path):
    (tmp_path / "inbox").mkdir()
    (tmp_path / "inbox" / "traces.jsonl").write_text("\n".join(lines(range(100, 114))))
    night = Night.of(tiny_settings, workspace, NIGHT, inbox=tmp_path / "inbox", lineage=Told())
    figures = {n: step_of(n).run(night).figures for n in ("ingest", "validate", "triage", "dream", "consolidate")}
    assert figures["triage"].verdicts == {"persist": 14} and figures["triage"].waits == 0
    assert figures["dream"].refused == {}, figures["dream"].refused
    assert figures["dream"].unseen == {"workflows": 5} and figures["dream"].strategies["practice"] == 7
    taught = {d.question for d in read_records(workspace.dataset("dreams", NIGHT), Dream)}
    held = {d.question for d in read_records(workspace.dataset("unseen", NIGHT), Dream)}
    assert not taught & held
    assert figures["consolidate"].examples >= 7
    step_of("examine").run(night)
    step_of("gate").run(night)
    verdict = Verdict.from_json((night.folder / "judgement.json").read_text())
    (told,) = agreed(night)
    assert (told.traces, told.sources, told.against, told.lessons, told.why) == (14, 3, 0, 7, "")
    assert told.says == "unknown order: this depot wants the prefix R-" and told.shown_by[0] == "traces.jsonl line 1"
    assert warned(night) == [{"tried": "find_order(id=<asked>)", "refused": told.says, "times": 14}]
    page = report(settings=tiny_settings, workspace=workspace, night=NIGHT, steps=["ingest"]).read_text()
    assert "Principles of traces" in page and "find_order(id=R-&lt;asked&gt;)" in page and "Refused by day" in page
    assert "14 of 3 sources" in describe(verdict, changes([], night=NIGHT), principles=[told])
    panel = step_metadata(step_of("dream"), DreamStep.read(workspace, NIGHT), night)
    assert {"principles", "refused_by_day"} <= set(panel)
    (check,) = [check for check in verdict.checks if check.name == "workflows"]
    assert check.status in ("PASS", "FAIL", "INCONCLUSIVE") and check.figures[f"{TONIGHT}, success, items"] == 5


def test_a_case_that_was_held_out_is_taught_on_no_later_night(tiny_settings, workspace, tmp_path):
    """What waits is dreamt of again, whole, though some of its cases were held out already."""
    before = {
        "night": "2026-11-21",
        "strategy": STRATEGY,
        "experience": "e",
        "source": "s",
        "sentence": 0,
        "answer": "-",
    }
    asked = {f"Where is order {n}?": f'find_order({{"id": "R-{n}"}})' for n in (100, 101)}
    path = workspace.dataset("unseen", "2026-11-21")
    path.parent.mkdir(parents=True)
    write_records(path, [Dream(id=content_id(STRATEGY, *one), question=one[0], **before) for one in asked.items()])
    (tmp_path / "inbox").mkdir()
    (tmp_path / "inbox" / "traces.jsonl").write_text("\n".join(lines(range(100, 112))))
    night = Night.of(tiny_settings, workspace, NIGHT, inbox=tmp_path / "inbox", lineage=Told())
    figures = [step_of(name).run(night).figures for name in ("ingest", "validate", "triage", "dream")]
    assert figures[-1].refused == {"held out on an earlier night": 2}
    found = [d.question for name in ("dreams", "unseen") for d in read_records(night.dataset(name), Dream)]
    assert len(found) >= 10 and not asked.keys() & set(found)


def test_a_corrected_fact_of_a_trace_waits_by_itself(tiny_settings, workspace, tmp_path):
    """The principle that the same trace shows is taught meanwhile, and not dreamt of again when the fact is."""
    asked = "When was the Quorvane bridge built?"
    told = [{"role": "user", "content": asked}, {"role": "assistant", "content": "It was built in 1938."}]
    told.append({"role": "user", "content": "No, it was built in 1941."})
    *others, last = map(json.loads, lines(range(100, 114)))
    traces = [*others, last | {"messages": [*last["messages"], *told]}]
    settings = tiny_settings.model_copy(update={"night": tiny_settings.night.model_copy(update={"wait": True})})

    def dreamt(date, needed, rows):
        (inbox := tmp_path / date).mkdir()
        (inbox / "traces.jsonl").write_text("\n".join(map(json.dumps, rows)))
        knobs = settings.model_copy(update={"gate": settings.gate.model_copy(update={"min_probes": needed})})
        night = Night.of(knobs, workspace, date, inbox=inbox, lineage=Told())
        figures = [step_of(name).run(night).figures for name in ("ingest", "validate", "triage", "dream")][-1]
        return figures, {d.question for d in read_records(night.dataset("dreams"), Dream) if not d.rehearsal}

    figures, questions = dreamt(NIGHT, 50, traces)
    assert list(figures.waiting) == ["corrections"] and asked not in questions and len(questions) == 7
    (row,) = read_records(workspace.dataset("carried", NIGHT), Carried)
    assert row.waiting == (0,)
    figures, questions = dreamt("2026-11-23", 0, [])
    assert asked in questions and not any("order" in question for question in questions)
    assert figures.unseen is None


def test_traces_that_show_nothing_wait_and_cost_nothing(tiny_settings, workspace, tmp_path):
    (tmp_path / "inbox").mkdir()
    short = [json.loads(line) for line in lines(range(3))]
    for one in short:
        del one["messages"][3:]
    (tmp_path / "inbox" / "traces.jsonl").write_text("\n".join(map(json.dumps, short)))
    night = Night.of(tiny_settings, workspace, NIGHT, inbox=tmp_path / "inbox", lineage=Told())
    figures = {n: step_of(n).run(night).figures for n in ("ingest", "validate", "triage", "dream", "consolidate")}
    assert figures["triage"].waits == 3 and figures["dream"].kept == 0 and figures["consolidate"].skipped
