"""Whether two values that people give as right are one: "Krann" and "Olin Krann" are, "7" and "7:30" are not.

And whether two words are forms of one.
"""

import re
import unicodedata
from functools import lru_cache
from itertools import takewhile

from steps.marking import holds
from steps.sentences import NUMBER_WORDS, words

_SIGNS = re.compile(r"(?<!\w)[-−–](?=\d)|(?<=\w)[+#]+|[€$£%]|(?<=\d)[.,:/](?=\d)")
_FLAG = re.compile(r"(?<![\w-])-+[A-Za-z][\w-]*")
_ENDING = 3  # letters of the longest ending that a form of a word may have
_DENYING = frozenset(
    "not no never without only except least most before after until over under nicht nie kein keine ohne nur außer vor "
    "nach bis pas jamais sans sauf avant après nunca sin solo salvo antes después".split()
)


@lru_cache(maxsize=8192)
def says_the_same(one: str, other: str) -> bool:
    """Whether two values are the same, or one is the other with a word more that tells no other thing.

    A number, a sign, a unit that only one of them has, or a word that denies or bounds, tells another thing.
    """
    mine, theirs = _plain(one), _plain(other)
    if _FLAG.findall(one) != _FLAG.findall(other) or _exact(mine) != _exact(theirs):
        return False
    if mine == theirs:
        return True
    return holds(one, (other,)) or holds(other, (one,))


def _plain(text: str) -> str:
    text = unicodedata.normalize("NFKC", text).casefold().replace("−", "-").replace("–", "-")
    return " ".join(re.sub(r"[\"'“”„‚‘’«»()\[\]`!?;…]|[.,:](?!\d)", " ", text).split())


def _exact(text: str) -> list[str]:
    """What of a value bears no word more: numbers, signs, what denies."""
    said = [word for word in words(text) if word[:1].isdigit() or word in NUMBER_WORDS or word in _DENYING]
    return [*said, *_SIGNS.findall(text)]


def is_form(word: str, other: str, *, shared: int) -> bool:
    """Whether words differ in their endings alone, and begin with so many ``shared`` letters.

    "conducts" and "conductor" do, "workbench" and "workshop" do not.
    """
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(word, other, strict=False)))
    return word == other or shared <= same >= max(len(word), len(other)) - _ENDING
