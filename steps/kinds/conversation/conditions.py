"""What a value hangs on in a reply: "3 euros for children", "10:00, but only on Sundays".

Without it the value would be learned as if it held always, so it stays in the sentence that is learned, or nothing is.
"""

from collections.abc import Mapping
from typing import Any

from steps.kinds.conversation.bearing import CLAUSE, SENTENCE
from steps.kinds.conversation.besides import strange_words
from steps.kinds.conversation.typed import Value
from steps.sentences import words

_ONLY = ("only", "except", "unless", "if", "nur", "außer", "seulement", "sauf", "solo", "sólo", "salvo")
_SHORT = 4  # words of a sentence that only adds when: "On Sundays only."


def hanging(value: str, text: str, before: str, known: Mapping[str, Any]) -> list[str]:
    """The clauses of a reply that a value hangs on: "but only on Sundays", or a short sentence of that.

    Args:
        before: question and answer; what says nothing else is no condition.
    """
    one, found = Value("", value, 0, len(value)), []
    for sentence in SENTENCE.split(text):
        clauses = [part.strip() for part in CLAUSE.split(sentence) if part.strip()]
        told = [
            part
            for part in clauses
            if value not in part and _hangs(part, known) and strange_words(part, one, before, known)
        ]
        if value in sentence or (told and len(sentence.split()) <= _SHORT) or sentence.casefold().startswith(_ONLY):
            found += told
        elif len(sentence.split()) <= _SHORT and {*words(sentence)} & {*_ONLY}:
            found.append(sentence)
    return found


def _hangs(clause: str, known: Mapping[str, Any]) -> bool:
    """Whether a clause begins as a condition does, and does not tell how it was before."""
    return known["hangs"].match(clause) is not None and known["past"].match(clause) is None


def bound_words(value: str, said: str, *, before: str, known: Mapping[str, Any]) -> set[str]:
    """Words of what was said without which its value would be said to hold always, or of more."""
    clauses = [part for part in CLAUSE.split(said) if value in part] or [said]
    lead, _, behind = clauses[-1].partition(value)
    is_source = known["moves"].search(lead) and not known["hangs"].match(lead.strip())
    one = Value("", value, 0, len(value))
    bound = strange_words(f"{'' if is_source else lead}{value}{behind}", one, before, known)
    return bound.union(*(strange_words(part, one, before, known) for part in hanging(value, said, before, known)))
