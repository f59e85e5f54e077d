"""Rule-made questions: a clause is turned round so that one of its spans is asked for.

A small model writes a usable question for about one span in three (docs/log.md); a clause turned round by rule always
asks for its span, if stiffly. The model then ranks the candidates and says the best two in other words.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import takewhile

from steps.kinds.document.active import who_did
from steps.sentences import NUMBER_WORDS, answer_spans, content_words, inside, words

_AUXILIARY = re.compile(
    r"\s(?P<aux>is|are|was|were|has|have|had|do|does|did|can|could|may|might|must|will|would|should)(?P<been>\sbeen)?\s"
)
_COORDINATOR = re.compile(r";\s+|,\s+(?:and|but|so(?!\sthat)|while|whereas)\s+(?=\w+\s\w+\s\w+)")
_NO_SUBJECT = re.compile(r"(?:when|while|if|as|because|since|after|before|in|on|at)\b|.*\b(?:who|which|that)\b", re.I)
_NUMBER = re.compile(rf"(?P<number>\d[\d.,:]*|(?:{'|'.join(sorted(NUMBER_WORDS))})\b)(?:[\s-](?P<unit>[a-z]+))?", re.I)
_YEAR = re.compile(r"1\d{3}|20\d{2}")
_ROLE = re.compile(r"(?:\b(?:[Tt]he|an?)\s+(?:(?!(?:is|are|was|were|has|had|be)\b)[a-z-]+\s+){1,2})$")
_PLACE = re.compile(r"\s(?:in|at|on|near|from|to|under|above|below|off)(?:\s(?:the|an?))?\s*$")
_DIMENSION = re.compile(r"\s(?:high|tall|long|wide|deep|thick|old|heavy|away|large|apart)\b")
_ASIDE = re.compile(r",\s+(?:which|who|whose|whom|where|when|because|since|as|so that|apart from|never|even)\s")
_PRONOUN = re.compile(r"(?:It|She|He|They|Its|Her|His|Their)\s")
_SUBJECT_WORDS = 9  # a longer run of words before the verb is more than a subject


@dataclass(frozen=True)
class Fact:
    """One thing that a document says: ``span`` in ``statement``, the clause of sentence number ``sentence``."""

    sentence: int
    statement: str
    span: str


def resolved(sentence: str, title: str, nouns: Iterable[str] = ()) -> str:
    """Put the document's title where the sentence begins with a word for it: "It was built" says nothing alone.

    ``nouns``: what the document calls its subject (``called``): "The museum owns" is said of it, too.
    """
    if sentence.startswith(title):
        return sentence
    plural = re.search(r"[^s]s$", next(iter(nouns), ""))
    subject = "|".join(["It|She|He", *["They"][: bool(plural)], *(f"The {re.escape(noun)}" for noun in nouns)])
    owner = "Its|Her|His|Their" if plural else "Its|Her|His"
    start = re.match(rf"(?P<owner>{owner})\s+(?=[a-z])|(?:{subject})(?P<owned>['’]s?)?\s+(?=[a-z])(?!of\b)", sentence)
    if not start:
        return sentence
    ending = "" if not (start["owner"] or start["owned"]) else "'" if title.endswith("s") and plural else "'s"
    return f"{title}{ending} {sentence[start.end() :]}"


def called(title: str, sentences: list[str]) -> list[str]:
    """Return the nouns that stand for the title: the one it is built on, then what the first sentence says it is."""
    named = words(re.sub(r"^(?:The|An?)\s", "", title))
    head = [*takewhile(content_words, named)]
    joined = named[len(head) : len(head) + 1] in (["and"], ["or"])  # "Accident and loss policy" is no accident
    found = [] if joined else [w for w in head if w.isalpha()][-1:]
    said = re.match(rf"{re.escape(title)} (?:is|was) an? (?P<what>[a-z][a-z -]*)", sentences[0]) if sentences else None
    if said:
        found += list(takewhile(content_words, said["what"].split()))[:3][-1:]
    return found


def facts(title: str, sentences: list[str], nouns: Iterable[str] | None = None, *, page: bool = False) -> list[Fact]:
    """Return every span of every clause that a question can ask for, in the order of the text.

    ``nouns``: what the document calls its subject; None: what these sentences call it. ``page``: it has headings or is
    a letter, so that "it" is the title only right behind a clause that begins with it.
    """
    found: list[Fact] = []
    for number, clause in _understood(title, sentences, nouns, page=page):
        main = f"{_ASIDE.split(clause)[0].rstrip('.')}."
        for span in answer_spans(clause, title=title):
            whole = _whole(clause, span)
            found.append(Fact(number, main if whole in main else clause, whole))
    return found


def about_another(title: str, sentences: list[str], nouns: Iterable[str] | None = None) -> set[int]:
    """Return the numbers of the sentences of prose in which "it" is not the title."""
    understood = {number for number, _ in _understood(title, sentences, nouns)}
    return {number for number, text in enumerate(sentences) if text and number not in understood}


def _understood(
    title: str, sentences: list[str], nouns: Iterable[str] | None = None, *, page: bool = False
) -> Iterator[tuple[int, str]]:
    """The clauses of each sentence, with the title for a pronoun at their start.

    It stands for the title only behind a clause that uses a word for it: "The boathouse burnt down. It was rebuilt"
    says nothing of the club whose page it is, and is left out.
    """
    nouns = called(title, sentences) if nouns is None else list(nouns)
    about = not page
    for number, sentence in enumerate(sentences):
        if not about and _PRONOUN.match(sentence):
            continue
        whole = resolved(sentence, title, nouns)
        parts = clauses(whole) if page else _clauses_of_it(whole, title, nouns)
        for part in parts if sentence else ():
            if not about and _PRONOUN.match(part):
                continue
            clause = resolved(part, title, nouns)
            about = clause.startswith(title) if page else _names(clause, title, nouns)
            yield number, clause


def _names(clause: str, title: str, nouns: Iterable[str]) -> bool:
    """Whether a clause uses a word for what its document is about."""
    return bool(content_words(clause) & (content_words(title) | set(nouns)))


def _clauses_of_it(sentence: str, title: str, nouns: list[str]) -> list[str]:
    """Cut a sentence into clauses, unless "it" in a later one is something else that the first one names.

    "Keep the gasket; it is not sold separately" says nothing of the title.
    """
    first, *later = clauses(sentence)
    own = "|".join([re.escape(title), "its?", "he", "she", "they", *(rf"the {re.escape(noun)}" for noun in nouns)])
    if re.search(rf"\b(?:{own})\b", first, re.IGNORECASE) or all(resolved(part, title) == part for part in later):
        return [first, *later]
    return [f"{sentence[:1].upper()}{sentence[1:].strip(' .')}."]


def clauses(sentence: str) -> list[str]:
    """Cut a sentence at its coordinators, where both sides are clauses of their own."""
    parts = [part.strip(" .") for part in _COORDINATOR.split(sentence)]
    if any(len(part.split()) < 4 for part in parts):
        parts = [sentence.strip(" .")]
    return [f"{part[:1].upper()}{part[1:]}." for part in parts]


def rule_questions(fact: Fact, *, title: str, kind: str | None = None) -> list[str]:
    """Return candidates that ask for the fact's span, none of them checked for style; none for an aside.

    ``kind``: what the span is a kind of ("tree" for "larch"), so that a candidate asks "which tree".
    """
    text = fact.statement.rstrip(".")
    start = place(text, fact.span)
    if _ASIDE.search(text[:start]) or re.search(r",[^,]*\sand\s*$", text[:start]):
        return []
    before, after = text[:start], re.split(r",|\sand\s|\sbut\s", text[start + len(fact.span) :])[0]
    found = []
    for asked, in_place, before_it, after_it in _asking(fact.span, before, after, kind):
        found.append(_turned(asked, in_place, before_it, after_it, title))
    active = who_did(before, after) if fact.span.split()[-1][0].isupper() else None
    if active:
        found.append(active)
    if not content_words(text) & content_words(title):
        found = [f"About {inside(title)}: {_lowered(question)}" for question in found]
    return [f"{' '.join(question.split())}?" for question in found]


def _whole(clause: str, span: str) -> str:
    """A name with what it is: "the engineer Ada Lo" is asked for as a whole."""
    role = _ROLE.search(clause[: place(clause, span)]) if span[0].isupper() else None
    return f"{role.group().lstrip()}{span}" if role else span


def place(text: str, span: str) -> int:
    """Where ``span`` stands as whole words."""
    match = re.search(rf"(?<!\w){re.escape(span)}(?!\w)", text)
    return match.start() if match else text.find(span)


def _asking(span: str, before: str, after: str, kind: str | None) -> list[tuple[str, str, str, str]]:
    """(question words in front, the same in place, what stands before them, what behind) for each way to ask."""
    number = _NUMBER.fullmatch(span)
    if _YEAR.fullmatch(span):
        plain = re.sub(r"(?:^|\s)(?:in|since|from|until|of|to|by|before|after)\s*$", " ", before, flags=re.IGNORECASE)
        return [("In what year", "in what year", plain, after), ("When", "when", plain, after)]
    if number:
        before = re.sub(
            r"\s(?:about|around|nearly|almost|only|exactly|(?:more|less) than|at (?:least|most))\s*$", " ", before
        )
        unit = number["unit"] or ""
        dimension = _DIMENSION.match(after)
        size = dimension.group() if dimension else ""
        asked = f"how many {unit}{size}"
        return [(asked.capitalize(), asked, before, after[len(size) :])]
    bare = re.sub(r"(?:^|\s)(?:[Tt]he|an?)\s*$", " ", before)
    ways = [("What", "what", bare, after)]
    if kind:
        ways.append((f"Which {kind}", f"which {kind}", bare, after))
    if span.split()[-1][0].isupper():
        ways.append(("Who", "who", bare, after))
    if _PLACE.search(before) and not re.search(r"\b(?:night|noon|dusk|dawn|day|week|month|year|season)\b", span):
        ways.append(("Where", "where", _PLACE.sub(" ", before), after))
    return ways


def _turned(asked: str, in_place: str, before: str, after: str, title: str) -> str:
    verb = _AUXILIARY.search(f"{before} ")
    subject = inside(before[: verb.start()]) if verb else ""
    if verb and "," not in subject and len(subject.split()) <= _SUBJECT_WORDS and not _NO_SUBJECT.match(subject):
        rest = f"{verb['been'] or ''} {before[verb.end() :]} {after}"
        owns = verb["aux"] in ("has", "have", "had") and not verb["been"]
        if owns and re.match(r"\s*(?:an?\b|the\b|\d|$)", rest):
            return f"{asked} {dict(has='does', have='do', had='did')[verb['aux']]} {subject} have {rest}"
        return f"{asked} {verb['aux']} {subject} {rest}"
    if not before.strip():
        return f"{asked} {after}"
    third = re.match(rf"(?P<subject>{re.escape(title)})\s(?P<verb>(?!always|sometimes|perhaps)[a-z]+s)\s", before)
    if third:
        return f"{asked} does {inside(title)} {_stem(third['verb'])} {before[third.end() :]} {after}"
    return f"{before} {in_place} {after}"


def _lowered(question: str) -> str:
    """A question after a colon keeps its capital only where two capitals make a name."""
    return question if re.match(r"[A-Z]\S*\s[A-Z]", question) else f"{question[:1].lower()}{question[1:]}"


def _stem(verb: str) -> str:
    """ "carries" -> "carry", "passes" -> "pass", "closes" -> "close"."""
    if verb.endswith("ies"):
        return f"{verb[:-3]}ie" if len(verb) == 4 else f"{verb[:-3]}y"
    return verb[:-2] if re.search(r"(?:ss|sh|ch|x|o)es$", verb) else verb[:-1]
