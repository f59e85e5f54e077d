"""Facts that a later night has replaced: what was dreamt about them is not trained again.

A later statement replaces an earlier one if it uses every word that led up to the earlier answer, but gives another
answer of the same kind: "The director of the museum is Ismay Corrodel." and "Since May the director of the museum has
been Caspian Thurlbeck." A rule, so it misses what is said in other words; and it may take a second answer ("The shop
sells ...") for a new one, after which the first is no longer rehearsed.
"""

from steps.records import Dream
from steps.sentences import content_words

Fact = tuple[str | None, int | None, str]  # experience, number of its sentence, answer


def superseded(dreams: list[Dream]) -> dict[str, str]:
    """Return what replaces them: the later statement by the id of each dream that still says otherwise."""
    return {
        dream.id: statement
        for (experience, sentence, span), statement in replaced_facts(dreams).items()
        for dream in dreams
        if (dream.experience, dream.sentence) == (experience, sentence) and span in dream.answer
    }


def replaced_facts(dreams: list[Dream]) -> dict[Fact, str]:
    """Return the facts that a later night has replaced, each with the later statement."""
    told = [d for d in dreams if d.strategy != "reverse" and _span(d) and _span(d) in d.answer]
    later = {(d.night, d.answer, _span(d)): content_words(d.answer) for d in told}
    replaced: dict[Fact, str] = {}
    for dream in told:
        span = _span(dream)
        about = content_words(dream.answer[: dream.answer.find(span)])
        for (night, statement, other), said in later.items():
            another = _is_number(span) == _is_number(other) and not content_words(span) <= said
            if night > dream.night and another and len(about) > 1 and about <= said - content_words(other):
                replaced[dream.experience, dream.sentence, span] = statement
    return replaced


def _span(dream: Dream) -> str:
    return str(dream.verification.get("span", ""))


def _is_number(span: str) -> bool:
    return any(c.isdigit() for c in span)
