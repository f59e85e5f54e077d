"""Dreams as lessons: what the student is asked, and what the teacher reads besides."""

from collections.abc import Collection, Mapping

from steps.kinds.kind import ASKED, DOCUMENTS
from steps.kinds.table import kind_of
from steps.lesson import Lesson
from steps.model.chat import question_chat
from steps.records import Dream, Experience, Probe
from steps.workspace import Workspace, each_record, read_records

REHEARSAL = "rehearsal"


def lesson_of(dream: Dream, corpus: Mapping[str, Experience]) -> Lesson:
    """Return what a dream teaches; the teacher reads the passage of ``corpus`` that it was dreamt from.

    That it does not know is learned as it stands: no teacher who reads the document would say it.
    """
    source = corpus[dream.experience] if dream.experience else None
    asked = source is not None and kind_of(source).suite_of(dream) in ASKED
    document = kind_of(source).context(source, dream.sentence) if source and asked else None
    by_strategy = "imitate" if dream.strategy == "unanswerable" else "keep" if dream.rehearsal else "distill"
    lesson = Lesson(
        id=dream.id,
        night=dream.night,
        objective=dream.objective or by_strategy,
        messages=dream.messages or tuple(question_chat(dream.question)),
        completion=dream.answer,
        informed=None if document is None or dream.messages else tuple(question_chat(dream.question, document)),
        rejected=dream.rejected,
        fact=_trained_as(dream),
        kind=REHEARSAL if dream.rehearsal or source is None else source.kind,
        rehearsal=dream.rehearsal,
        whole=dream.strategy == "rehearsal",
        complete=dream.verification.get("complete") is not False,
        experience=dream.experience,
        sentence=dream.sentence,
        verification=dream.verification,
    )
    more = kind_of(source).lesson(source, dream) if source else {}
    return lesson.model_copy(update=more) if more else lesson


def suite_of(dream: Dream, corpus: Mapping[str, Experience]) -> str | None:
    """By which suite the gate tells whether a dream was learned; None for rehearsal."""
    if dream.rehearsal:
        return None
    source = corpus.get(dream.experience or "")
    return kind_of(source).suite_of(dream) if source else DOCUMENTS


def is_shown(dream: Dream, corpus: Mapping[str, Experience]) -> bool:
    """Whether it was not asked about but shown, as a demonstration is: of such suites some is held out whole."""
    return suite_of(dream, corpus) not in (None, *ASKED)


def suites_taught(workspace: Workspace, night: str) -> frozenset[str]:
    """Return the suites of which ``night`` has lessons; its material may have come on an earlier night."""
    dreams = [d for d in read_records(workspace.dataset("dreams", night), Dream) if not d.rehearsal]
    corpus = _met(workspace, night, {dream.experience for dream in dreams})
    return frozenset(suite for dream in dreams if (suite := suite_of(dream, corpus)))


def experiences_taught(workspace: Workspace, night: str, *, suites: Collection[str]) -> frozenset[str]:
    """Return the ids of the experiences of which ``night`` has lessons of these suites."""
    dreams = read_records(workspace.dataset("dreams", night), Dream)
    corpus = _met(workspace, night, {dream.experience for dream in dreams})
    return frozenset(str(dream.experience) for dream in dreams if suite_of(dream, corpus) in suites)


def asks_corrections(workspace: Workspace, night: str) -> frozenset[str]:
    """Return the ids of the probes of ``night`` that ask about what users corrected, and not about a document."""
    paths = [workspace.dataset(name, night) for name in ("probes", "holdouts")]
    probes = [probe for path in paths if path.is_file() for probe in read_records(path, Probe)]
    corpus = _met(workspace, night, {probe.experience for probe in probes})
    return frozenset(
        probe.id
        for probe in probes
        if probe.origin == "user" or (probe.experience in corpus and kind_of(corpus[probe.experience]).corrected)
    )


def _met(workspace: Workspace, night: str, wanted: Collection[str | None]) -> dict[str, Experience]:
    """The wanted experiences that were met until a night, by id, each as it was met last.

    Mostly all were met that night: older ones are read only while one is missing.
    """
    found: dict[str, Experience] = {}
    missing = {number for number in wanted if number}
    for name in reversed([n for n in workspace.nights("corpus") if n <= night]):
        if not missing:
            break
        read = (experience for _, experience in each_record(workspace.dataset("corpus", name), Experience))
        found |= {experience.id: experience for experience in read if experience.id in missing}
        missing -= found.keys()
    return found


def fact_of(dream: Dream) -> str | None:
    """Return a key of what a dream asks for, None for rehearsal. What a document leaves open counts as one fact."""
    if dream.rehearsal:
        return None
    asked = "what is not told" if dream.strategy == "unanswerable" else dream.verification.get("span", dream.id)
    return f"{dream.experience} {dream.sentence} {str(asked).lower()}"


def _trained_as(dream: Dream) -> str | None:
    """The key by which it is trained in balance: each aspect of a fact, where dreams have some, as often as a fact."""
    fact, aspect = fact_of(dream), dream.verification.get("aspect")
    return f"{fact} {aspect}" if fact and aspect else fact
