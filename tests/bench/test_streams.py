"""Streams: the invented one, and SQuAD in SEAL's layout from any file."""

import json

import pytest

from bench.squad import squad_stream
from bench.stream import invented_stream
from steps.errors import SlumberError


def passages(titles=6, each=2):
    return [
        {
            "title": f"Town_{title}",
            "context": " ".join(f"Street {n} of town {title} is {n + 10} metres long." for n in range(12)),
            "questions": [{"question": f"How long is street {n}?", "answer": str(n + 10)} for n in range(6)],
        }
        for title in range(titles)
        for _ in range(each)
    ]


def test_the_invented_stream_is_split_for_development_and_report():
    stream = invented_stream()
    assert len(stream.nights) == 8 and stream.report == {5, 6, 7, 8}
    assert len(stream.outdated) == len(stream.temporary) == 1
    assert set(stream.outdated.values()) == {4}
    assert [n.date for n in stream.first(2).nights] == ["2026-01-01", "2026-01-02"]


def test_the_report_nights_are_a_stream_of_their_own():
    stream = invented_stream().reported()
    assert [n.number for n in stream.nights] == [1, 2, 3, 4] and stream.report == {1, 2, 3, 4}
    assert [n.inbox.name for n in stream.nights] == ["night-5", "night-6", "night-7", "night-8"]
    assert stream.nights[0].date == "2026-01-05" and stream.outdated == {}


def test_squad_becomes_nights_of_documents_and_probes(tmp_path):
    file = tmp_path / "squad.json"
    file.write_text(json.dumps(passages()))
    stream = squad_stream(file, tmp_path / "inbox", nights=2, passages=3)
    assert len(stream.nights) == 2 and stream.report == {1, 2}
    first = stream.nights[0].inbox
    assert sorted(p.name for p in first.iterdir()) == ["passage-1.md", "passage-2.md", "passage-3.md", "probes.jsonl"]
    assert (first / "passage-2.md").read_text().startswith("# Town 1\n")
    probes = [json.loads(line) for line in (first / "probes.jsonl").read_text().splitlines()]
    assert len(probes) == 15 and len({p["id"] for p in probes}) == 15 and probes[0]["answers"] == ["10"]


@pytest.mark.parametrize(
    "text", ["no json", "{}", '[{"title": "x"}]', '[{"title": "x", "context": "y", "questions": []}]']
)
def test_another_layout_is_refused_in_one_sentence(tmp_path, text):
    file = tmp_path / "other.json"
    file.write_text(text)
    with pytest.raises(SlumberError, match=r"is not a JSON list of|usable passages"):
        squad_stream(file, tmp_path / "inbox", nights=1, passages=1)


def test_too_few_passages_are_said(tmp_path):
    file = tmp_path / "squad.json"
    file.write_text(json.dumps(passages()))
    with pytest.raises(SlumberError, match="holds 12 usable passages, 50 are asked for"):
        squad_stream(file, tmp_path / "inbox", nights=10, passages=5)
