"""Whether a text names another thing in the place of the one that a question asks about.

"The mayor of Kirrin is Dagny Rolf" says nothing of the mayor of Ostvale: "mayor of" stands before both.
"""

from collections.abc import Iterator
from itertools import pairwise

from steps.kinds.document.moments import days_and_months
from steps.sentences import FUNCTION_WORDS, NUMBER_WORDS, names_and_numbers, telling_words, words

ASKING = frozenset(
    "many much often there kind time hour hours date name wer wen wem was wann wo wie viel viele welche welcher "
    "welches hat haben die der das den dem des ein eine einen einer auf im in an am um zu ist sind war wird "
    "werden wurde wurden es sie uhr qui que quoi quand où combien quel quelle est le la les un une de du des à "
    "heure quién qué cuándo dónde cuánto cuánta cuántos cuántas cuál el los las es son hora se".split()
)
"""Words of questions that tell nothing of what is asked about."""
START = 4  # letters by which a short word is known with an ending: "open", "opens"


def names_another(text: str, question: str, *, known: str = "") -> bool:
    """Whether a text does not say a name that is asked about, and says another one behind the same words.

    Days and months are no such names, for what opens on Monday is of use to who asks about Friday; nor are numbers,
    but for those behind a name ("Ruskel 60").

    Args:
        known: what else may be named without being another thing.
    """
    missing = set(missing_names(question, text))
    if not missing:
        return False
    others = names_and_numbers(text) - {*words(f"{question} {known}")}
    places = {place for place, word in _placed(question) if word in missing}
    return any(word in others and place in places for place, word in _placed(text))


def missing_names(question: str, text: str) -> list[str]:
    """Return names that are asked about and a text does not say, though it may say one that begins alike."""
    said = telling_words(text)
    return [
        name
        for name in names_and_numbers(question) & telling_words(question)
        if not (name in said or (not _is_number(name) and any(_begins_alike(name, word) for word in said)))
    ]


def _begins_alike(name: str, word: str) -> bool:
    return word.startswith(name) or (len(word) >= START and name.startswith(word))


def _is_number(word: str) -> bool:
    return word in NUMBER_WORDS or any(map(str.isdigit, word))


def _placed(text: str) -> Iterator[tuple[tuple[str, str], str]]:
    """Each name, behind the last word that tells something and the one right before it: ("mayor", "of"), "kirrin"."""
    telling, named = "", names_and_numbers(text) - days_and_months()
    for before, word in pairwise(words(text)):
        telling = telling if before in FUNCTION_WORDS or before in ASKING else before
        if telling and word in named and (not _is_number(word) or before in named):
            yield (telling, before), word
