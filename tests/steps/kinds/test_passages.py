"""Which passage a question asks about, and at what cost."""

import pytest

from steps.kinds.document.kind import Document
from steps.kinds.passages import PassageIndex
from steps.records import Experience, Probe


def document(name):
    text = f"The {name} was built of grey stone. Its roof is green."
    return Experience(
        id=name, night="2026-01-01", kind="document", source=f"{name}.md", record=None, title=name, text=text
    )


CORPUS = [document(f"tower{number}") for number in range(80)]


def probe(question):
    return Probe(id="p", night="2026-01-01", question=question, answers=("x",), origin="owner", source=None,
                 experience=None)  # fmt: skip


def test_passages_are_made_once_however_many_questions_are_asked(monkeypatch):
    made, passages = [], Document.passages

    def counted(self, experience):
        made.append(experience.id)
        return passages(self, experience)

    monkeypatch.setattr(Document, "passages", counted)
    index = PassageIndex(CORPUS)
    for one in CORPUS:
        assert index.best(f"Was {one.title} built of stone?").experience.id == one.id
        assert index.best("Which roof is green?", one).experience.id == one.id
    assert len(made) == len(CORPUS)


@pytest.mark.parametrize(
    ("question", "own", "expected"),
    [
        ("Is the roof green?", None, "tower0"),  # the first of several
        ("Why is tower7 of stone?", None, "tower7"),
        ("zzz qqq", None, None),
        ("zzz qqq", CORPUS[3], "tower3"),
        ("Why is tower7 of stone?", CORPUS[3], "tower3"),
    ],
)
def test_a_probe_reads_its_own_document_or_the_best_of_all(question, own, expected):
    found = PassageIndex(CORPUS).for_probe(probe(question), own)
    assert (found.experience.id if found else None) == expected
