"""SQuAD in SEAL's layout as a stream: passages become documents of an inbox, their questions become probes.

The layout is that of SEAL's no-context knowledge incorporation (arXiv 2506.10943): a list of
``{title, context, questions: [{question, answer}]}``. The file comes from the command line; what is written from it
stays in the run's own folder.
"""

import json
import re
from datetime import date, timedelta
from itertools import count
from pathlib import Path

from bench.stream import Night, Stream
from steps.errors import SlumberError
from steps.workspace import write_text

LEAST_WORDS, LEAST_QUESTIONS, MOST_QUESTIONS = 60, 5, 5


def squad_stream(file: Path, folder: Path, *, nights: int, passages: int) -> Stream:
    """Write ``nights`` inboxes of ``passages`` passages each into ``folder`` and return them as a stream.

    Passages are taken in turn from the articles, so that neighbours in the stream are of different articles; short ones
    and ones with few questions are left out. Everything is for reporting only.

    Raises:
        SlumberError: the file is missing, is not in SEAL's layout, or holds too few passages.
    """
    chosen = _spread(_read(file), nights * passages)
    if len(chosen) < nights * passages:
        raise SlumberError(
            f"{file} holds {len(chosen)} usable passages, {nights * passages} are asked for: ask for less."
        )
    made = []
    for number in range(1, nights + 1):
        inbox = folder / f"night-{number}"
        mine = chosen[(number - 1) * passages : number * passages]
        for place, passage in enumerate(mine, start=1):
            name = f"passage-{place}.md"
            write_text(inbox / name, f"# {passage['title']}\n\n{passage['context']}\n")
        lines = [
            {
                "kind": "probe",
                "id": f"n{number}-p{place}-q{turn}",
                "question": one["question"].strip(),
                "answers": [one["answer"]],
                "source": f"passage-{place}.md",
                "type": "recall",
            }
            for place, passage in enumerate(mine, start=1)
            for turn, one in enumerate(passage["questions"][:MOST_QUESTIONS], start=1)
        ]
        write_text(inbox / "probes.jsonl", "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines))
        made.append(Night(number, (date(2026, 1, 1) + timedelta(days=number - 1)).isoformat(), inbox))
    return Stream("squad", tuple(made), frozenset(range(1, nights + 1)))


def _read(file: Path) -> list[dict]:
    try:
        passages = json.loads(file.read_text(encoding="utf-8"))
        good = [p for p in passages if p["title"] and p["context"] and p["questions"][0]["answer"]]
    except (OSError, ValueError, KeyError, TypeError, IndexError):
        raise SlumberError(
            f"{file} is missing or is not a JSON list of {{title, context, questions: [{{question, answer}}]}}: "
            "name such a file."
        ) from None
    return [
        {**p, "title": re.sub(r"[_\s]+", " ", p["title"])}
        for p in good
        if len(p["context"].split()) >= LEAST_WORDS and len(p["questions"]) >= LEAST_QUESTIONS
    ]


def _spread(passages: list[dict], wanted: int) -> list[dict]:
    by_title: dict[str, list[dict]] = {}
    for passage in passages:
        by_title.setdefault(passage["title"], []).append(passage)
    chosen: list[dict] = []
    for turn in count():
        left = [own[turn] for own in by_title.values() if turn < len(own)]
        if not left or len(chosen) >= wanted:
            return chosen[:wanted]
        chosen += left
    return chosen
