"""All dreams of documents: what each fact asks, backwards too, what the text leaves open, drills, and reading."""

from collections.abc import Sequence

from steps.kinds.document.corrections import corrected
from steps.kinds.document.drills import drills, fact_counts
from steps.kinds.document.neighbours import reverse_dreams, unanswerable_dreams
from steps.kinds.document.reading import reading_dreams
from steps.kinds.document.sources import Source, dream_about, new_in, passages, withholding
from steps.kinds.document.writers import written
from steps.kinds.kind import Dreaming
from steps.records import Dream, Experience


def document_dreams(experiences: Sequence[Experience], dreaming: Dreaming) -> list[Dream]:
    """Return the dreams of tonight's documents: of what is new in them."""
    night, knobs = dreaming.night, dreaming.settings.dream
    pages = [
        source
        for experience in experiences
        for source in passages(experience)
        if dreaming.chosen(experience, source.first)
    ]
    stale = corrected(experiences)
    if any(stale.values()):
        dreaming.refused["another document corrects it"] += sum(map(len, stale.values()))
        pages = [withholding(source, stale[source.experience.id]) for source in pages]
    sources = [new_in(source, dreaming.known.get(source.experience.id, ())) for source in pages]
    unmet = [source for source in sources if source.first == 0 and not dreaming.known.get(source.experience.id)]
    dreams, by_rule = written(sources, dreaming)
    questions = [dream for dream in dreams if dream.strategy == "question"]
    return [
        *dreams,
        *reverse_dreams(by_rule, night=night),
        *unanswerable_dreams(unmet, per_document=knobs.unknown_per_document, night=night),
        *_drilled(by_rule, questions, night=night),
        *reading_dreams(questions, pages, night=night),
    ]


def _drilled(sources: Sequence[Source], questions: list[Dream], *, night: str) -> list[Dream]:
    return [
        dream_about(
            source,
            drill.fact.sentence,
            night=night,
            strategy=f"drill-{drill.strategy}",
            question=drill.question,
            answer=drill.fact.statement,
            verification={"verbatim": True, "span": drill.fact.span},
        )
        for source in sources
        if source.language
        for drill in drills(
            source.experience.title,
            source.drilled,
            questions=fact_counts(questions, source.experience.id, first=source.first),
            language=source.language,
        )
    ]
