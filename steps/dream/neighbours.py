"""Beside the question on a fact: the same fact asked backwards, and what the text leaves open."""

from collections import Counter
from dataclasses import dataclass

from rapidfuzz.fuzz import token_set_ratio

from steps.dream.clauses import Fact, facts, inside, reverse_question
from steps.dream.dreamers import Dreamer
from steps.dream.questions import Asked, other_words, read_answers
from steps.dream.sentences import content_words, names_and_numbers, words
from steps.dream.sources import Source
from steps.records import Dream, content_id
from steps.settings import DreamSettings

NEAR_WORDING = 85.0  # rapidfuzz token-set ratio: one question's words are nearly among the other's


@dataclass(frozen=True)
class Kept:
    """A question that will be dreamt of: what it asks for, and whether rule or model worded it."""

    source: Source
    fact: Fact
    question: str
    span: str
    wording: str

    @property
    def key(self) -> tuple[str, int, str]:
        return self.source.experience.id, self.source.first + self.fact.sentence, self.span.lower()


def unanswerable_dreams(
    kept: list[Kept], worded: list[Asked], readings: list[str], *, per_passage: int, night: str
) -> list[Dream]:
    """Turn questions that the model made up beside the fact into lessons in not knowing.

    They name the subject, and what the model read into the fact stands nowhere in the document. A question that is
    close to an answered one is left out: the model must not learn to deny what it was taught.
    """
    chosen: dict[str, Dream] = {}
    taken: Counter[str] = Counter()
    for (source, fact, question), reading in zip(worded, readings, strict=True):
        told = content_words(f"{source.experience.title} {source.experience.text}")
        near = [k.question for k in kept if k.source.experience.id == source.experience.id] + [
            d.question for d in chosen.values()
        ]
        if (
            taken[source.experience.id] < per_passage
            and not any(read.startswith(word[:4]) for read in content_words(reading) for word in told)
            and not any(token_set_ratio(question, other) > NEAR_WORDING for other in near)
        ):
            taken[source.experience.id] += 1
            chosen[question] = dream_about(
                source,
                fact,
                night=night,
                strategy="unanswerable",
                question=question,
                answer=f"I do not know that about {inside(source.experience.title)}.",
                verification={"read": reading},
            )
    return list(chosen.values())


def reverse_dreams(
    dreamer: Dreamer, sources: list[Source], *, settings: DreamSettings, seed: int, night: str, refused: Counter[str]
) -> list[Dream]:
    """Ask for the subject given the fact: what is learned in one direction is not known in the other (2309.12288).

    One question by rule for each statement with a name or a number, and the wordings of it from which the model reads
    the title.
    """
    asked: dict[str, Asked] = {}
    for source in sources:
        title = source.experience.title
        for fact in facts(title, source.sentences):
            question = reverse_question(fact, title=title)
            if question and names_and_numbers(f"Here {fact.span}"):
                asked[question] = (source, Fact(fact.sentence, fact.statement, title), question)
    worded = other_words(
        dreamer,
        list(asked.values()),
        wordings=settings.wordings_per_fact // 2,
        temperature=settings.temperature,
        top_k=settings.top_k,
        seed=seed,
    )
    readings = read_answers(dreamer, worded)
    for (source, fact, question), reading in zip(worded, readings, strict=True):
        fault = _reverse_fault(question, reading=reading, fact=fact)
        if fault or question in asked:
            refused[f"reverse: {fault or 'written twice'}"] += 1
        else:
            asked[question] = (source, fact, question)
    return [
        dream_about(
            source,
            fact,
            night=night,
            strategy="reverse",
            question=question,
            answer=fact.statement,
            verification={"span": fact.span},
        )
        for source, fact, question in asked.values()
    ]


def _reverse_fault(question: str, *, reading: str, fact: Fact) -> str | None:
    title = content_words(fact.span)
    if not question.endswith("?") or content_words(question) & title:
        return "not a finished question that leaves its answer open"
    if len(content_words(question) & content_words(fact.statement)) < 2:
        return "does not say the fact"
    if not names_and_numbers(question) <= set(words(fact.statement)):
        return "names something that is not in the fact"
    return None if content_words(reading) & title else "the title does not answer it"


def dream_about(
    source: Source, fact: Fact, *, night: str, strategy: str, question: str, answer: str, verification
) -> Dream:
    """Return a dream about one fact of ``source``."""
    return Dream(
        id=content_id(strategy, question, answer),
        night=night,
        strategy=strategy,
        experience=source.experience.id,
        source=source.experience.source,
        sentence=source.first + fact.sentence,
        question=question,
        answer=answer,
        verification=verification,
    )
