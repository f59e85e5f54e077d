"""Texts as sets of word shingles (Broder 1997), and the facts in them: numbers, names, negations."""

import re

SIZE = 3
_WORD = re.compile(r"\d+(?:[.,:/-]\d+)*|[^\W_]+(?:['’][^\W_]+)*")
_SENTENCE_END = re.compile(r"(?<=[.!?…])[\"'”’)\]]*\s+(?=[\"'“‘(\[]?[A-ZÀ-Þ0-9])|\n+")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?:\D|$))")


def _lexicon(text: str) -> frozenset[str]:
    return frozenset(text.split())


_FUNCTION_WORDS = _lexicon(
    "a an the this that these those it its he she they we you i his her their our my your in on at of by for from "
    "to with as and or but if when while after before since until there here all each every some any most many much "
    "more other what which who whom whose where why how is are was were be been has have had do does did can may "
    "must will would should could than then so also both between during through under over about into out up down"
)
_NUMBER_WORDS = _lexicon(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand million "
    "billion half dozen first second third fourth fifth sixth seventh eighth ninth tenth"
)
_NEGATIONS = _lexicon("no not never none nobody nothing neither nor without cannot")

Shingle = tuple[str, ...]


def words(text: str) -> list[str]:
    """Return the words and numbers of ``text`` in their own case; 1,204 is 1204."""
    return _WORD.findall(_THOUSANDS.sub("", text))


def sentences(text: str) -> list[str]:
    """Return the sentences and lines of ``text``, roughly: good enough to compare texts."""
    return [part.strip() for part in _SENTENCE_END.split(text) if part and part.strip()]


def shingles(text: str) -> frozenset[Shingle]:
    """Return the lower-case word shingles of ``text``; a text of fewer words is one shingle."""
    return frozenset(_windows([word.lower() for word in words(text)]))


def jaccard(a: frozenset[Shingle], b: frozenset[Shingle]) -> float:
    """Return the Jaccard similarity of two sets of shingles (1.0 for two empty ones)."""
    return len(a & b) / len(a | b) if a or b else 1.0


def fact_shingles(text: str) -> dict[Shingle, bool]:
    """Return the shingles within the sentences of ``text``, and whether each holds a number, a name or a negation."""
    result: dict[Shingle, bool] = {}
    for sentence in sentences(text):
        tokens = words(sentence)
        marks = [is_fact(word) for word in tokens]
        for at, shingle in enumerate(_windows([word.lower() for word in tokens])):
            result[shingle] = result.get(shingle, False) or any(marks[at : at + SIZE])
    return result


def is_fact(word: str) -> bool:
    """Tell whether ``word`` is a number, a name (it has a capital and is no function word) or a negation."""
    lower = word.lower()
    if word[0].isdigit() or lower in _NUMBER_WORDS or lower in _NEGATIONS or lower.endswith(("n't", "n’t")):
        return True
    return lower != word and lower not in _FUNCTION_WORDS


def tells_otherwise(new: str, old: str) -> bool:
    """Tell whether two texts that are nearly the same differ in a number, a name or a negation: an update, no copy.

    A capital at the beginning of a sentence is a name only if it stands against another one, so that an added 'Please
    note ...' is no update and 'Otto keeps the key' for 'Mara keeps the key' is.
    """
    if new == old:
        return False
    inner_new, all_new = _facts(new)
    inner_old, all_old = _facts(old)
    if inner_new - all_old or inner_old - all_new:
        return True
    new_sentences, old_sentences = sentences(new), sentences(old)
    only_new = _fact_sequence([s for s in new_sentences if s not in set(old_sentences)])
    only_old = _fact_sequence([s for s in old_sentences if s not in set(new_sentences)])
    return bool(only_new and only_old) and only_new != only_old


def _facts(text: str) -> tuple[set[str], set[str]]:
    inner: set[str] = set()
    every: set[str] = set()
    for sentence in sentences(text):
        tokens = words(sentence)
        every |= {word.lower() for word in tokens if is_fact(word)}
        inner |= {word.lower() for at, word in enumerate(tokens) if is_fact(word) and (at or not word[0].isalpha())}
    return inner, every


def _fact_sequence(parts: list[str]) -> list[str]:
    return [word.lower() for part in parts for word in words(part) if is_fact(word)]


def _windows(tokens: list[str]) -> list[Shingle]:
    if len(tokens) <= SIZE:
        return [tuple(tokens)] if tokens else []
    return [tuple(tokens[at : at + SIZE]) for at in range(len(tokens) - SIZE + 1)]
