"""Beside the question on a fact: the same fact asked backwards, and what the text leaves open."""

import random
import re
from collections import Counter

from steps.dream.clauses import Fact
from steps.dream.dreamers import Dreamer
from steps.dream.questions import Asked, other_words, read_answers
from steps.dream.sentences import content_words, inside, names_and_numbers, words
from steps.dream.sources import Source, dream_about
from steps.records import Dream, content_id
from steps.settings import DreamSettings

OFTEN_ASKED = (
    "How much does {} cost?",
    "Who owns {}?",
    "Who pays for {}?",
    "How heavy is {}?",
    "What is the motto of {}?",
    "What is the telephone number of {}?",
    "Which prize did {} win?",
    "How many visitors come to {} every year?",
    "Which famous actor is connected with {}?",
    "On which street would you find {}?",
    "Who insures {}?",
    "What was {} called in former times?",
    "In what year did {} burn down?",
    "How many employees work for {}?",
    "Who is the present chairman of {}?",
    "Which song is about {}?",
    "How old is the youngest member of {}?",
    "What is the profit of {}?",
    "Which king visited {}?",
    "Under which licence is {} offered?",
    "Which television film shows {}?",
    "What did critics write about {}?",
    "How many copies of {} exist?",
    "Which language is spoken by the inventor of {}?",
)


def unanswerable_dreams(sources: list[Source], *, per_document: int, night: str) -> list[Dream]:
    """Ask what is often asked and stands nowhere in the document: lessons in not knowing.

    A question is taken only if none of its own words occurs in the document, so that the model never learns to deny
    what it was taught. (Questions that the model makes up beside the fact are too often answered elsewhere.)
    """
    dreams = []
    for experience in {source.experience.id: source.experience for source in sources}.values():
        told = {word[:5] for word in content_words(f"{experience.title} {experience.text}")}
        open_ones = [text for text in OFTEN_ASKED if not {word[:5] for word in content_words(text)} & told]
        random.Random(experience.id).shuffle(open_ones)
        for text in open_ones[:per_document]:
            question = text.format(inside(experience.title))
            answer = f"I do not know that about {inside(experience.title)}."
            dreams.append(
                Dream(
                    id=content_id("unanswerable", question, answer),
                    night=night,
                    strategy="unanswerable",
                    experience=experience.id,
                    source=experience.source,
                    sentence=None,
                    question=question,
                    answer=answer,
                    verification={"rule": "none of its words stands in the document"},
                )
            )
    return dreams


def reverse_dreams(
    dreamer: Dreamer, sources: list[Source], *, settings: DreamSettings, seed: int, night: str, refused: Counter[str]
) -> list[Dream]:
    """Ask for the subject given the fact: what is learned in one direction is not known in the other (2309.12288).

    Questions by rule for each name and number, and for what the first sentence says; and the wordings of them from
    which the model reads the title.
    """
    asked: dict[str, Asked] = {}
    said_again: dict[str, Asked] = {}
    for source in sources:
        title = source.experience.title
        for fact in source.facts:
            if names_and_numbers(f"Here {fact.span}") or source.first + fact.sentence == 0:
                about = Fact(fact.sentence, fact.statement, title)
                ways = reverse_questions(fact, title=title, noun=source.noun)
                asked |= {question: (source, about, question) for question in ways}
                said_again |= {question: (source, about, question) for question in ways[:1]}
    worded = other_words(
        dreamer,
        [one for one in said_again.values() for _ in range(settings.wordings_per_fact // 2)],
        temperature=settings.temperature,
        top_k=settings.top_k,
        seed=seed,
    )
    readings = read_answers(dreamer, worded)
    for (source, fact, question), reading in zip(worded, readings, strict=True):
        fault = _reverse_fault(question, reading=reading, fact=fact, noun=source.noun)
        if fault or question in asked:
            refused[f"reverse: {fault or 'written twice'}"] += 1
        else:
            asked[question] = (source, fact, question)
    return [
        dream_about(
            source,
            fact.sentence,
            night=night,
            strategy="reverse",
            question=question,
            answer=fact.statement,
            verification={"span": fact.span},
        )
        for source, fact, question in asked.values()
    ]


def reverse_questions(fact: Fact, *, title: str, noun: str | None = None) -> list[str]:
    """Return questions that the title answers, the one that says the least first; none if the statement lacks it.

    A fact that stands behind the title is also asked about without what follows it: "What was planned by Ada Lo?" of
    a dam that was planned by Ada Lo and finished in 1938.

    Args:
        noun: what the title is ("dam"), so that questions ask "which dam", too.
    """
    text = fact.statement.rstrip(".")
    named = list(re.finditer(rf"\b{re.escape(inside(title))}\b", text, re.IGNORECASE))
    if len(named) != 1:
        return []
    match = named[0]
    owned = re.match(r"['’]s?(?=\s)", text[match.end() :])
    before, after = text[: match.start()], text[match.end() + (len(owned.group()) if owned else 0) :]
    if noun and (
        said := re.match(rf" (?:is|was) an? (?P<what>[a-z -]*\b{noun})(?: (?:that|which|who))? (?P<rest>.+)", after)
    ):
        relative = after[: said.start("rest")].endswith((" that ", " which ", " who "))
        return [f"Which {said['what']} {'' if relative else 'is '}{said['rest']}?"] if not before else []
    rests, behind = [after], after.find(fact.span) if fact.span else -1
    if behind >= 0 and "," not in after[:behind]:
        end = behind + len(fact.span)
        rests.insert(0, after[:end] + re.split(r",|\sand\s|\sbut\s", after[end:])[0])
    ways = ["whose"] if owned else ["what", *([f"which {noun}"] if noun else [])]
    found = [f"{before}{way}{rest}?" for rest in rests for way in ways]
    return [f"{question[0].upper()}{question[1:]}" for question in dict.fromkeys(found)]


def _reverse_fault(question: str, *, reading: str, fact: Fact, noun: str | None) -> str | None:
    title = content_words(fact.span) - {noun}
    if not question.endswith("?") or content_words(question) & title:
        return "not a finished question that leaves its answer open"
    if len(content_words(question) & content_words(fact.statement)) < 2:
        return "does not say the fact"
    if not names_and_numbers(question) <= set(words(fact.statement)):
        return "names something that is not in the fact"
    return None if content_words(reading) & title else "the title does not answer it"
