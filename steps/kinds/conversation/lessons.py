"""Lessons of corrections: what was asked, in the user's words and in others, is answered with what is right.

What the wrong answer said is never the answer of a lesson, nor a part of one.
"""

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from rapidfuzz.fuzz import token_sort_ratio

from steps.ingest.tables import written_at
from steps.kinds.conversation.asked import asked_key
from steps.kinds.conversation.asking import asks_the_same, framed, other_ways
from steps.kinds.conversation.corrections import Correction
from steps.kinds.conversation.statement import is_sentence, says_wrong, stated
from steps.kinds.conversation.subject import subject
from steps.kinds.conversation.turns import corrections
from steps.kinds.document.candidates import SAME_WORDING
from steps.kinds.document.clauses import Fact
from steps.kinds.document.drills import drills
from steps.kinds.document.neighbours import reverse_dreams
from steps.kinds.document.questions import form_fault, other_words, read_answers
from steps.kinds.document.sources import Source
from steps.kinds.document.verification import asked_for, supports
from steps.kinds.document.writers import written
from steps.kinds.kind import Dreaming
from steps.marking import holds
from steps.model.chat import question_message
from steps.records import Dream, Experience, content_id
from steps.sentences import names_and_numbers, words

_NONE: Counter[tuple[int, str]] = Counter()  # so that all of its drills are made


@dataclass(frozen=True)
class Taught:
    """Correction ``number`` of a conversation, and the sentence that says what is right."""

    experience: Experience
    number: int
    correction: Correction
    statement: str

    @property
    def source(self) -> Source:
        """The sentence as a document of its own, titled by what the question is about."""
        known = {"kind": "document", "title": self.about, "text": self.statement, "payload": {}}
        own = self.experience.model_copy(update={**known, "id": content_id(self.experience.id, self.number)})
        return Source(own, 0, [self.statement])

    @property
    def about(self) -> str:
        """What the question is about, or else the question."""
        return subject(self.correction.question) or self.correction.question.rstrip(" ?.")[:80]

    @property
    def fact(self) -> Fact:
        return Fact(0, self.statement, self.correction.value)


def correction_dreams(experiences: Sequence[Experience], dreaming: Dreaming) -> list[Dream]:
    """Return the dreams of what was corrected tonight; of one question the last correction."""
    last = last_said(experiences, dreaming.known, dreaming.refused)
    if not last:
        return []
    sentences = stated(dreaming.writer, [one for _, _, one in last])
    told = [Taught(*found, sentence) for found, sentence in zip(last, sentences, strict=True)]
    own = [*_by_rule(told, dreaming), *_in_other_words(told, dreaming), *_of_the_sentence(told, dreaming)]
    right = [dream for dream in own if not _teaches_wrong(dream, told)]
    return [*right, *_reading(told, right, night=dreaming.night)]


def last_said(
    experiences: Sequence[Experience], known: Mapping[str, Collection[int]], refused: Counter[str] | None = None
) -> list[tuple[Experience, int, Correction]]:
    """Return of each question the correction that was said last, with its experience and number.

    ``known``: by experience, the numbers of those that are not taught. ``refused`` counts what was said before.
    """
    last: dict[str, tuple[Experience, int, Correction]] = {}
    for experience in sorted(experiences, key=lambda e: (e.night, written_at(e.created_at) or -math.inf)):
        for number, one in enumerate(corrections(experience.payload)):
            if number not in known.get(experience.id, ()):
                key = asked_key(one.question)
                if refused is not None:
                    refused["corrected again later"] += key in last
                last[key] = experience, number, one
    return list(last.values())


def _by_rule(told: Sequence[Taught], dreaming: Dreaming) -> list[Dream]:
    """The very question, the same in frames, and other ways to ask it."""
    gains = supports(dreaming.base, [(one.correction.question, one.statement, one.statement) for one in told])
    dreams = []
    for one, gain in zip(told, gains, strict=True):
        for place, text in enumerate(framed(one.correction)):
            dreams.append(_dream(one, text, "user", night=dreaming.night, support=gain, asked=place == 0))
        for text in other_ways(one.correction, one.statement):
            dreams.append(_dream(one, text, "rule", night=dreaming.night, support=gain))
    return dreams


def _in_other_words(told: Sequence[Taught], dreaming: Dreaming) -> list[Dream]:
    """The question as the writer says it, where the sentence answers that, too."""
    knobs = dreaming.settings.dream
    whose = [one for one in told if one.correction.language == "en" for _ in range(knobs.wordings_per_fact)]
    asked = [(one.source, one.fact, one.correction.question) for one in whose]
    seed = dreaming.settings.seed
    lines = other_words(dreaming.writer, asked, temperature=knobs.temperature, top_k=knobs.top_k, seed=seed)
    dreams: list[Dream] = []
    seen: dict[int, list[str]] = {}
    for one, (source, fact, line), reading in zip(whose, lines, read_answers(dreaming.writer, lines), strict=True):
        title, others = source.experience.title, seen.setdefault(id(one), [one.correction.question])
        known = frozenset(words(f"{title} {one.statement} {one.correction.question}"))
        fault = form_fault(line, title=title, known=known, statement=f"{one.correction.question} {one.statement}")
        if fault is None and not asks_the_same(line, one.correction.question):
            fault = "asks something else"
        if fault is None and asked_for(reading, question=line, fact=fact, title=title) != fact.span:
            fault = "its fact does not answer it"
        if fault is None and any(token_sort_ratio(line, other) > SAME_WORDING for other in others):
            fault = "same wording as another"
        if fault:
            dreaming.refused[fault] += 1
            continue
        others.append(line)
        dreams.append(_dream(one, line, "model", night=dreaming.night, support=0.0))
    return dreams


def _of_the_sentence(told: Sequence[Taught], dreaming: Dreaming) -> list[Dream]:
    """What is asked about the sentence as about a document, backwards and in drills, too."""
    by_id = {one.source.experience.id: one for one in told if one.correction.language == "en"}
    sources = [one.source for one in by_id.values() if is_sentence(one.statement) and _names_its_subject(one)]
    asked, _ = written(sources, replace(dreaming, passages=None, known={}))
    found = [dream for dream in asked if _asks_for_it(dream, by_id[dream.experience or ""].correction)]
    found += reverse_dreams(sources, night=dreaming.night)
    dreams = []
    for dream in found:
        one = by_id[dream.experience or ""]
        known = {"experience": one.experience.id, "source": one.experience.source, "sentence": one.number}
        span = {"span": one.correction.value} if dream.strategy == "question" else {}
        verification = {**dream.verification, **span, "aspect": "sentence", **_corrects(one)}
        dreams.append(dream.model_copy(update={**known, "verification": verification}))
    for source in sources:
        one = by_id[source.experience.id]
        for drill in drills(source.experience.title, [one.fact], questions=_NONE, language="en"):
            dreams.append(
                _dream(
                    one,
                    drill.question,
                    "rule",
                    night=dreaming.night,
                    strategy=f"drill-{drill.strategy}",
                    aspect="drill",
                )
            )
    return dreams


def _asks_for_it(dream: Dream, one: Correction) -> bool:
    telling = names_and_numbers(f"Here {one.value}")  # of other things rules ask for what they are made of
    return bool(telling) and holds(str(dream.verification["span"]), (one.value,))


def _names_its_subject(one: Taught) -> bool:
    title = one.source.experience.title
    return bool(title) and holds(one.statement, (title,)) and holds(one.statement, (one.correction.value,))


def _reading(told: Sequence[Taught], dreams: Sequence[Dream], *, night: str) -> list[Dream]:
    """One question of each with the sentence before it, so that reading is not unlearned."""
    found = []
    for one in told:
        dream = next((d for d in dreams if (d.experience, d.sentence) == (one.experience.id, one.number)), None)
        if dream is None:
            continue
        message = question_message(dream.question, f"{one.source.experience.title}\n{one.statement}")
        found.append(
            Dream(
                id=content_id("reading", message, dream.answer),
                night=night,
                strategy="reading",
                experience=None,
                source=one.experience.source,
                sentence=None,
                question=message,
                answer=dream.answer,
                verification={"complete": True, "reads": dream.id},
                rehearsal=True,
            )
        )
    return found


def _dream(one: Taught, question: str, wording: str, *, night: str, strategy: str = "question", **known) -> Dream:
    return Dream(
        id=content_id(strategy, question, one.statement),
        night=night,
        strategy=strategy,
        experience=one.experience.id,
        source=one.experience.source,
        sentence=one.number,
        question=question,
        answer=one.statement,
        verification={"span": one.correction.value, "wording": wording, "aspect": wording, **known, **_corrects(one)},
    )


def _corrects(one: Taught) -> dict[str, str]:
    return {"corrects": one.correction.old} if one.correction.old else {}


def _teaches_wrong(dream: Dream, told: Sequence[Taught]) -> bool:
    one = next(t for t in told if (t.experience.id, t.number) == (dream.experience, dream.sentence))
    return says_wrong(dream.answer, one.correction)
