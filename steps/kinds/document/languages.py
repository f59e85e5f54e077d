"""The languages that questions are made in: their templates and question words are data (``forms.yaml``).

What a text is written in is told by py3langid (naive Bayes over bytes, 4.6 MB, offline), and where that cannot tell, by
its small words.
"""

import re
from collections.abc import Collection
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import yaml

# Languages in Latin letters that a page may be written in; among all 140 of the library short English gets lost.
_TOLD_APART = (
    "af ca cs cy da de en es et eu fi fr ga gl hr hu id is it lt lv nl no pl pt ro sk sl sq sv sw tr vi"
).split()
# Shares of likelihood: of all languages without templates together, of the likeliest of them (what is spread over many
# is no language: "id: A; limit: 5 m"), and of the one that has templates.
_FOREIGN, _ONE, _SURE = 0.75, 0.3, 0.5
_LEAST_WORDS = 3
_LOOKED_AT = 20_000  # characters
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
# "Jan de Vries", "Piet van den Berg": what stands in a name says nothing of the language around it.
_IN_A_NAME = re.compile(
    r"(?<=\w )(?:(?:van|von|de|der|den|del|della|di|da|dos|du|la|le|ten|ter|zu|af|av|al|bin|y)\s)+(?=[A-ZÀ-Þ])"
)


@cache
def templates() -> dict[str, dict[str, Any]]:
    """Return templates and words by language code."""
    return yaml.safe_load((Path(__file__).parent / "forms.yaml").read_text(encoding="utf-8"))


@cache
def _small_words() -> dict[str, frozenset[str]]:
    return {code: frozenset(known["words"].split()) for code, known in templates().items()}


@cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(_TOLD_APART)
    return identifier


@lru_cache(maxsize=64)  # each passage of a document asks for it
def language_of(text: str) -> str | None:
    """Return the language of a text, of those that there are templates for; None if it is written in another one.

    The whole text and its words without capitals count alike, so that a list of foreign names does not decide. What
    says too little to tell is what most of its small words are, and English if there are none.
    """
    small = _WORD.findall(_IN_A_NAME.sub("", text[:_LOOKED_AT]))
    small = [word for word in small if word.islower()]
    if len(small) < _LEAST_WORDS:
        return _of_few_words(text)
    ranks = [dict(_identifier().rank(part)) for part in (text[:_LOOKED_AT], " ".join(small))]
    shares = {code: sum(rank[code] for rank in ranks) / len(ranks) for code in ranks[0]}
    best = max(templates(), key=lambda code: shares[code])
    foreign = [share for code, share in shares.items() if code not in templates()]
    if sum(foreign) >= _FOREIGN and max(foreign) >= _ONE:
        return None
    return best if shares[best] >= _SURE else nearest_language(text)


def _of_few_words(text: str) -> str:
    """The language of names and capitals: by its small words, and where it has none ("Artikel: Seil") by all of it."""
    if any(_small_counts(text).values()):
        return nearest_language(text)
    shares = dict(_identifier().rank(text[:_LOOKED_AT]))
    best = max(templates(), key=lambda code: shares[code])
    return best if shares[best] >= _SURE else "en"


def nearest_language(text: str, among: Collection[str] = ()) -> str:
    """Return the language that most small words of a text are of, of those that there are templates for.

    ``among``: the languages that it may be, if that is known.
    """
    counts = _small_counts(text)
    return max(among or counts, key=lambda code: (counts[code], code == "en"))


@lru_cache(maxsize=64)  # each answer of a talk asks for it
def _small_counts(text: str) -> dict[str, int]:
    found = re.findall(r"[^\W\d_]+", _IN_A_NAME.sub("", text[:_LOOKED_AT]).lower())
    return {code: sum(word in small for word in found) for code, small in _small_words().items()}
