"""Whether what a document says contradicts a correction, and which of it the correction takes the place of."""

from collections.abc import Sequence

from steps.kinds.conversation.asked import numbers_another
from steps.kinds.conversation.corrections import Correction
from steps.kinds.conversation.naming import START
from steps.kinds.conversation.statement import among
from steps.kinds.conversation.value import is_count, named
from steps.kinds.document.languages import nearest_language
from steps.marking import equals, fits_anything, holds, normalise
from steps.records import Withdrawn
from steps.review.doubting import may_contradict, speaks_of_another, speaks_of_it
from steps.review.searching import NO_PART, Part
from steps.sentences import content_words, inside, names_and_numbers, stems, words

_SHARED = 0.6  # of a question's stems that a text shares which answers it
_OTHERWISE = 0.75  # of them, if it gives neither the wrong answer nor the right one
_LIKE = 3  # so many sentences one correction takes the place of; who means more means something else


def contradicts(one: Correction, part: Part) -> bool:
    """Whether a part may answer the question with what the correction calls wrong, or otherwise than it does.

    Generous, for a person decides then: the wrong answer stands there, and much of what was asked.
    """
    if numbers_another(part.said, one.question) or not speaks_of_it(one, part) or speaks_of_another(one, part):
        return False
    shared = len(_shared(one, part.said)) >= max(2, _SHARED * len(_asked(one)))
    says_wrong = shared and holds(part.said, (one.old or "",)) and not holds(part.said, (one.value,))
    return says_wrong or _gives_wrong(one, part) or _gives_another(one, part) or may_contradict(one, part)


def overruled(one: Correction, found: Sequence[Part]) -> tuple[Withdrawn, ...]:
    """Return the parts that a correction takes the place of once it is learned.

    Strict, for nobody may look at it: what a user asks and calls wrong is both in his own words, and no page may be
    emptied by it. A part goes that answers the question itself, and not its heading: with what was called wrong, or,
    if none does, with another value and without a further word. What speaks of other names and numbers, or of less
    that was asked, stays beside what does not.
    """
    here = (part for part in dict.fromkeys(found) if part.number != NO_PART)
    each = [part for part in here if not numbers_another(part.said, one.question)]
    parts = [part for part in each if _gives_wrong(one, part)]
    parts = parts or [part for part in each if _gives_another(one, part) and not _more(one, part)]
    plain = [part for part in parts if not names_and_numbers(f"So {inside(part.text)}") - _told(one, part)]
    own = {part: len(_shared(one, part.text)) for part in plain or parts}
    parts = [part for part, count in own.items() if count == max(own.values())]
    if len({normalise(part.text) for part in parts}) > _LIKE:
        return ()
    return tuple(Withdrawn(experience=part.experience, sentence=part.number, text=part.text) for part in parts)


def _asked(one: Correction) -> frozenset[str]:
    return stems(one.question) - stems(f"{one.value} {one.old or ''}")


def _shared(one: Correction, text: str) -> frozenset[str]:
    """What of the asked stems a text says, "opens" for "open" as well; of a name all of it, for many begin alike."""
    said, its_words = stems(text), set(words(text))
    others = {name for name in names_and_numbers(one.question) if not among(name, its_words)}
    asked = _asked(one) - stems(" ".join(others))
    return frozenset(stem for stem in asked if stem in said or any(_same_start(stem, other) for other in said))


def _same_start(one: str, other: str) -> bool:
    return min(len(one), len(other)) == START and one[:START] == other[:START]


def _told(one: Correction, part: Part) -> set[str]:
    return names_and_numbers(f"So {one.question} {part.heads} {_given(one, part) or ''}")


def _more(one: Correction, part: Part) -> frozenset[str]:
    """What a part says besides what was asked and what it gives."""
    known = stems(f"{one.question} {part.heads} {_given(one, part) or ''}")
    return frozenset(stem for stem in stems(part.text) - known if not any(_same_start(stem, other) for other in known))


def _given(one: Correction, part: Part) -> str | None:
    """What a part gives in the place of the correction's value."""
    given = named(part.text, question=one.question, like=one.value, language=nearest_language(part.said))
    return None if given is None or fits_anything(given) else given


def _gives_wrong(one: Correction, part: Part) -> bool:
    """Whether a part answers the question with what the correction calls wrong."""
    if one.old is None or fits_anything(one.old) or holds(part.text, (one.value,)):
        return False
    asked = _asked(one)
    own, above = _shared(one, part.text), _shared(one, part.heads)
    if len(own | above) < max(2, _SHARED * len(asked)):
        return False
    if not own:  # a cell, an item: nothing but the value
        return equals(part.text, (one.old,))
    return _answers_itself(asked, own, above) and equals(_given(one, part) or "", (one.old,))


def _gives_another(one: Correction, part: Part) -> bool:
    """Whether a part answers the question with a value of the right one's kind that nobody has named."""
    asked = _asked(one)
    own, above = _shared(one, part.text), _shared(one, part.heads)
    if len(own | above) < max(2, _OTHERWISE * len(asked)) or not _answers_itself(asked, own, above):
        return False
    given = _given(one, part)
    return given is not None and not holds(part.text, (one.value,)) and _of_one_kind(given, one)


def _answers_itself(asked: frozenset[str], own: frozenset[str], above: frozenset[str]) -> bool:
    """Whether a part's own words are about what is asked: half of that, or all that its headings leave."""
    left = asked - above
    return 2 * len(own) >= len(asked) or bool(left and left <= own)


def _of_one_kind(given: str, one: Correction) -> bool:
    """Whether a value could stand in the place of the right one: "9 doors" is no time."""
    if is_count(given) != is_count(one.value):
        return False
    if is_count(given):
        return {word for word in content_words(given) if not is_count(word)} <= content_words(
            f"{one.question} {one.value}"
        )
    return bool(names_and_numbers(f"Here {given}")) == bool(names_and_numbers(f"Here {one.value}"))
