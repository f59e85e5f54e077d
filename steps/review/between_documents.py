"""Documents of one night that say different things of the same: a person decides, where no date says which is newer."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from steps.kinds.conversation.likeness import says_the_same
from steps.kinds.document.sources import passages
from steps.marking import holds
from steps.records import Experience, Held, content_id
from steps.sentences import names_and_numbers, telling_words, words

_LEAST_WORDS = 3  # before the value: fewer do not tell what is spoken of


class _Fact(NamedTuple):
    """What a document says: ``span`` of ``about``, in part number ``place``."""

    experience: str
    source: str
    created_at: str | None
    place: int
    about: str
    span: str
    statement: str


def between_documents(met: Callable[[], Iterable[Experience]], night: str) -> Iterator[Held]:
    """Documents that say different things of the same in the same words, and no date says which is newer."""
    facts: dict[tuple[str, bool], list[_Fact]] = defaultdict(list)
    for experience in met():
        if experience.kind == "document":
            for fact in _facts(experience):
                facts[fact.about, _is_number(fact.span)].append(fact)
    for group in facts.values():
        for one in group:
            other = next((two for two in group if _disagree(one, two)), None)
            if other is not None:
                yield Held(
                    id=content_id("held", one.experience, one.place),
                    night=night,
                    experience=one.experience,
                    source=one.source,
                    sentence=one.place,
                    question="",
                    says=one.statement,
                    against=other.source,
                    other=other.statement,
                    why=f"{other.source} says otherwise, and no date says which is newer",
                )


def _facts(experience: Experience) -> Iterator[_Fact]:
    for source in passages(experience):
        for fact in source.facts if source.language == "en" else []:
            before = fact.statement[: fact.statement.find(fact.span)]
            about = " ".join(dict.fromkeys(word for word in words(before) if word in telling_words(before)))
            if names_and_numbers(f"Here {fact.span}") and len(before.split()) >= _LEAST_WORDS and " " in about:
                place = source.first + fact.sentence
                known = experience.id, experience.source, experience.created_at
                yield _Fact(*known, place, about, fact.span, fact.statement)


def _disagree(one: _Fact, other: _Fact) -> bool:
    if one.source == other.source or says_the_same(one.span, other.span) or holds(one.statement, (other.span,)):
        return False
    return not (one.created_at and other.created_at and one.created_at != other.created_at)


def _is_number(span: str) -> bool:
    return any(c.isdigit() for c in span)
