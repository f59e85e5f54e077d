"""Which questions are one, however they are put, and which are two, however alike they are.

"Gate 3" and "gate 4", "team A" and "team B", "-v" and "-V", "is" and "was": what may tell two questions apart is never
left out of what they are compared by.
"""

import re
import unicodedata
from functools import lru_cache
from itertools import pairwise

from steps.kinds.conversation.framing import unframed
from steps.sentences import FUNCTION_WORDS

_LITTLE = frozenset(
    "a an the our your is are be do does has have it this that these those there please".split()
)  # "was" and "did" ask of another time, "my" and "their" of somebody else's
_DETERMINERS = frozenset("a an the my our your their his her its this that for of".split())
_PLACING = FUNCTION_WORDS | frozenset("um ab am im bis seit vor nach à vers dès las los desde hasta".split())
_AROUND = " .,;:!?¿¡\"'“”„‚‘«»‹›()[]{}…`*_–—"
_BEFORE = re.compile(r"^[\s,:;!?¿¡\"'“”„‚‘«»‹›()\[\]{}…`*_#–—]+")
_FLAG = re.compile(r"-+[^\W\d]")
_IS_DOING = re.compile(r"\b(?:is|are|was|were|be)\b", re.IGNORECASE)
_SEVERAL = re.compile(r"(?<=\w{2})(?:(?<=ch|sh|ss)|(?<=[xz]))es$|(?<=\w{3})(?<!s)s$")
_DOUBLED = re.compile(r"([bdgmnprt])\1$")
_ENDS_IN_E = re.compile(r"[vczu]$|(?<!s)s$")
_PRICES = frozenset("cost price fare fee kostet kosten preis teuer coûte coûtent prix cuesta cuestan precio".split())
_ASKING_PRICES = frozenset("what how much of for was wie viel ist der die das combien quel est cuánto cuál es".split())
_ALIKE = 0.5  # of the words of the longer of two questions


@lru_cache(maxsize=2048)
def asked_key(question: str) -> str:
    """Return what questions share that ask the same in much the same words, in the same order.

    A question that is put otherwise may have another key, which costs less: what is taught of it is taught beside the
    other. The endings that are left out tell no two words apart: "leaves", not the "e" of "Anne" and "plane".
    """
    return " ".join(asked_words(question))


def quarrel_key(question: str) -> str:
    """Return what questions share that may be one, in whatever order their words stand ("Tell me how deep it is").

    A price is asked for in many ways: "How much is it?", "What does it cost?".
    """
    words = asked_words(question)
    if _PRICES & set(words) or {"how", "much"} <= set(words):
        words = ("price", *(word for word in words if word not in _PRICES | _ASKING_PRICES))
    return " ".join(sorted(words))


@lru_cache(maxsize=4096)
def asked_words(text: str) -> tuple[str, ...]:
    """Return the words that tell what is asked, in their order; of signs those that stand at a word: "-5", "C++"."""
    text = unframed(unicodedata.normalize("NFKC", text).replace("’", "'").replace("−", "-"))
    chunks = [chunk for chunk in map(_bare, text.split()) if chunk]
    doing, last = bool(_IS_DOING.search(text)), len(chunks) - 1
    found = []
    for place, chunk in enumerate(chunks):
        word = chunk if _FLAG.match(chunk) else chunk.casefold()  # "-v" is not "-V"
        is_letter = word == "a" and (place == last or (chunk == "A" and not text.isupper()))  # "team A": no article
        if place and word in _LITTLE and not is_letter:
            continue
        before = chunks[place - 1].casefold() if place else ""
        found.append(_plain(word, doing=doing and before not in _DETERMINERS) if place else word)
    return tuple(found)


def alike(one: str, other: str) -> bool:
    """Whether two questions ask in much the same words, and yet are two."""
    mine, theirs = asked_words(one), asked_words(other)
    shared = set(mine) & set(theirs)
    return mine != theirs and mine[:1] == theirs[:1] and len(shared) >= _ALIKE * max(len(mine), len(theirs))


def pairs(text: str) -> set[tuple[str, str]]:
    """Return its words two by two: what is told by a number or a letter is told with what they number, "gate 3"."""
    return {*pairwise(asked_words(text))}


def numbered(text: str) -> set[tuple[str, str]]:
    """Return what is told by a number or a letter, with that: ("gate", "3"); what stands "at 9" is none."""
    return {
        (thing, number)
        for thing, number in pairs(text)
        if _is_number(number) and thing not in _PLACING and thing.isalpha()
    }


def _is_number(word: str) -> bool:
    return any(map(str.isdigit, word)) or (len(word) == 1 and word.isascii() and word.isalpha() and word not in "eiouy")


def numbers_another(text: str, question: str) -> bool:
    """Whether a text is about gate 4 where gate 3 is asked about."""
    said, missing = numbered(text), numbered(question) - numbered(text)
    return any(thing == other for thing, _ in missing for other, _ in said)


def _bare(chunk: str) -> str:
    """A word without the marks around it; a sign or a point before it belongs to it."""
    chunk = _BEFORE.sub("", re.sub(r"^–(?=\d)", "-", chunk.rstrip(_AROUND)))
    return chunk.removesuffix("'s") if re.search(r"\w|[€$£%&]", chunk) else ""


def _plain(word: str, *, doing: bool) -> str:
    """A word without the ending of several, or of what somebody does."""
    if doing and len(word) > 5 and word.endswith("ing"):
        stem = word.removesuffix("ing")
        return _DOUBLED.sub(r"\1", stem) + ("e" if _ENDS_IN_E.search(stem) else "")
    return _SEVERAL.sub("", word)
