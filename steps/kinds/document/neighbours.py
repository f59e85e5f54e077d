"""Beside the question on a fact: the same fact asked backwards, and what the text leaves open."""

import random
import re

from steps.kinds.document.clauses import Fact
from steps.kinds.document.sources import Source, dream_about, is_page, units
from steps.records import Dream, Experience, content_id
from steps.sentences import inside, names_and_numbers, stems

_LABEL = re.compile(r"[^\W\d][^{}?!]{2,40}")
# Headings that name nothing which another page could be asked for.
_EVERYWHERE = re.compile(
    r"(?:added|changed|fixed|removed|deprecated|security|unreleased|known issues|breaking changes|steps?|settings"
    r"|options|parameters|usage|examples?|overview|introduction|summary|abstract|background|description|details|general"
    r"|contents|table of contents|notes?|remarks?|misc(?:ellaneous)?|other|more|about|contact|questions?|faqs?|appendix"
    r"|references|see also|links|resources|conclusions?|results|discussion|next steps|action items|todo)",
    re.IGNORECASE,
)
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
    what it was taught; in a document of another language than these questions that would say nothing. A page with
    headings and terms is asked for those of tonight's other pages: nobody asks which prize a runbook won. (Questions
    that the model makes up beside the fact are too often answered elsewhere.)
    """
    dreams = []
    english = {source.experience.id: source.experience for source in sources if source.language == "en"}
    labels = {number: _labels(experience) for number, experience in english.items() if is_page(experience)}
    for number, experience in english.items():
        if all(block and block.kind == "row" for _, block in units(experience)):
            continue  # nobody looks in a price list for the working hours
        told = stems(f"{experience.title} {experience.text}")
        others = [label for other, found in labels.items() if other != number for label in found]
        asked = [f"What does {{}} say about {label}?" for label in dict.fromkeys(others)] if number in labels else []
        open_ones = [text for text in asked or OFTEN_ASKED if not stems(text.replace("say about", "")) & told]
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


def _labels(experience: Experience) -> list[str]:
    """The headings and terms of a page that are short enough to be asked for."""
    blocks = [block for _, block in units(experience) if block]
    terms = [block.question for block in blocks if block.kind == "term"]
    found = [*terms, *(h for b in blocks for h in b.path if not _EVERYWHERE.fullmatch(h))]
    return [text for text in dict.fromkeys(found) if _LABEL.fullmatch(text) and len(text.split()) < 6]


def reverse_dreams(sources: list[Source], *, night: str) -> list[Dream]:
    """Ask for the subject given the fact: what is learned in one direction is not known in the other (2309.12288).

    Of each name and number, and of what the first sentence says, by rule alone, in English: four in five of the base's
    own wordings had to be refused, and the fifth was not missed (docs/log.md).
    """
    asked = {
        question: (source, fact)
        for source in sources
        if source.language == "en"
        for fact in source.facts
        if names_and_numbers(f"Here {fact.span}") or source.first + fact.sentence == 0
        for question in reverse_questions(fact, title=source.experience.title, noun=source.noun)
    }
    return [
        dream_about(
            source,
            fact.sentence,
            night=night,
            strategy="reverse",
            question=question,
            answer=fact.statement,
            verification={"span": source.experience.title},
        )
        for question, (source, fact) in asked.items()
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
    said = re.match(rf" (?:is|was) an? (?P<kind>[a-z -]*\b{noun}) (?P<who>(?:that|which|who) )?(?P<rest>.+)", after)
    if noun and said:
        return [] if before else [f"Which {said['kind']} {'' if said['who'] else 'is '}{said['rest']}?"]
    rests, behind = [after], after.find(fact.span) if fact.span else -1
    if behind >= 0 and "," not in after[:behind]:
        end = behind + len(fact.span)
        rests.insert(0, after[:end] + re.split(r",|\sand\s(?![A-Z])|\sbut\s", after[end:])[0])
    several = re.search(r"[^s]s$", noun or "") and re.match(r" (?:is|was|has)\b", after)  # of a firm: "Lund Kayaks was"
    ways = ["whose"] if owned else ["what", *([f"which {noun}"] if noun and not several else [])]
    found = [f"{before}{way}{rest}?" for rest in rests for way in ways]
    return [f"{question[0].upper()}{question[1:]}" for question in dict.fromkeys(found)]
