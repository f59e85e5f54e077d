"""Facts that a later night has replaced or that no page says any more: what was dreamt about them is not trained again.

A later statement replaces an earlier one if it uses every word that led up to the earlier answer, but gives another
answer of the same kind: "The director of the museum is Ismay Corrodel." and "Since May the director of the museum has
been Caspian Thurlbeck." Numbers and letters are words, too, and names keep their order: gate 4 is not gate 3. A rule,
so it misses what is said in other words; and it may take a second answer ("The shop sells ...") for a new one, after
which the first is no longer rehearsed. Where a form asks the very same question later and answers otherwise, that
replaces it, too.

What a newer version of a page no longer says is no guess: triage has written it down (``Triaged.withdraws``). So it
has, of a correction that waited for a decision and was accepted, what that takes the place of (``Held.overrules``).
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from steps.records import Dream, Withdrawn
from steps.review.decisions import withdrawn
from steps.sentences import FUNCTION_WORDS, names_and_numbers, telling_words, words
from steps.workspace import Workspace

Fact = tuple[str | None, int | None, str]  # experience, number of its sentence, answer


class Gone:
    """What pages no longer say, by the experience and number of each part that said it, with the nights since when."""

    def __init__(self, withdrawn: Iterable[tuple[str, Withdrawn]]):
        self._since: dict[tuple[str, int | None], str] = {}
        self._texts: dict[str, list[tuple[str, str]]] = defaultdict(list)
        self.parts: dict[str, list[int]] = defaultdict(list)
        for night, one in withdrawn:
            place = one.experience, one.sentence
            self._since[place] = max(night, self._since.get(place, ""))
            self._texts[one.experience].append((night, one.text))
            self.parts[one.experience].append(one.sentence)

    @classmethod
    def until(cls, workspace: Workspace, night: str) -> "Gone":
        """Read what triage withdrew up to ``night``."""
        return cls((met, part) for met, _, part in withdrawn(workspace, night))

    def since(self, experience: str | None, sentence: int | None, *, taught: str) -> str | None:
        """Return the night since when a part, as it was ``taught``, is no longer said; it may be the same night."""
        night = self._since.get((experience or "", sentence))
        return night if night and night >= taught else None

    def dreamt(self, dream: Dream) -> str | None:
        """Return the night since when what a dream says is no longer said; a list goes with each of its items."""
        if night := self.since(dream.experience, dream.sentence, taught=dream.night):
            return night
        if "; " not in _span(dream):
            return None
        later = self._later(dream.experience, dream.night)
        return next((night for night, text in later if text.split(": ")[-1].rstrip(" .") in _span(dream)), None)

    def texts(self, experience: str | None, *, taught: str) -> list[str]:
        """Return what an experience said, as it was ``taught`` on a night, and is no longer said."""
        return [text for _, text in self._later(experience, taught)]

    def _later(self, experience: str | None, taught: str) -> list[tuple[str, str]]:
        return [(night, text) for night, text in self._texts.get(experience or "", ()) if night >= taught]


def superseded(dreams: list[Dream], gone: Gone) -> dict[str, str]:
    """Return what replaces them: the later statement by the id of each dream that still says otherwise."""
    ended = {dream.id: night for dream in dreams if (night := gone.dreamt(dream))}
    return {
        **{number: f"(not said since {night})" for number, night in ended.items()},
        **_asked_again(dreams),
        **_replaced(dreams),
    }


def _asked_again(dreams: list[Dream]) -> dict[str, str]:
    """What a form asks as it did before, and answers otherwise."""
    formed = [dream for dream in dreams if dream.verification.get("wording") == "form"]
    last = {(dream.source, dream.question): dream for dream in sorted(formed, key=lambda dream: dream.night)}
    latest = ((dream, last[dream.source, dream.question]) for dream in formed)
    return {old.id: new.answer for old, new in latest if new.night > old.night and new.answer != old.answer}


def _replaced(dreams: list[Dream]) -> dict[str, str]:
    return {
        dream.id: statement
        for (experience, sentence, span), statement in replaced_facts(dreams).items()
        for dream in dreams
        if (dream.experience, dream.sentence) == (experience, sentence) and span in dream.answer
    }


def replaced_facts(dreams: list[Dream]) -> dict[Fact, str]:
    """Return the facts that a later night has replaced, each with the later statement."""
    told = [d for d in dreams if d.strategy != "reverse" and _span(d) and _span(d) in d.answer]
    later = {(d.night, d.answer, _span(d)): telling_words(_without(d.answer, _span(d))) for d in told}
    replaced: dict[Fact, str] = {}
    for dream in told:
        span = _span(dream)
        before = dream.answer[: dream.answer.find(span)]
        about, apart = telling_words(before), _apart(before)
        for (night, statement, other), said in later.items():
            another = _is_number(span) == _is_number(other) and not telling_words(span) <= telling_words(statement)
            same = len(about) > 1 and about <= said and _in_order(apart, words(statement))
            if night > dream.night and another and same:
                replaced[dream.experience, dream.sentence, span] = statement
    return replaced


def _without(text: str, value: str) -> str:
    """A statement without its value, which stands last in it where a word of it stands twice ("Gate 3 is 3 m wide")."""
    before, _, after = text.rpartition(value)
    return f"{before} {after}"


def _apart(text: str) -> list[str]:
    """The names and numbers of a text, in their order: from Ulm to Bonn is not from Bonn to Ulm."""
    told = names_and_numbers(f"So {text}") - FUNCTION_WORDS
    return [word for word in words(text) if word in told]


def _in_order(some: Sequence[str], every: Sequence[str]) -> bool:
    """Whether words stand among others in the same order."""
    left = iter(every)
    return all(word in left for word in some)


def _span(dream: Dream) -> str:
    return str(dream.verification.get("span", ""))


def _is_number(span: str) -> bool:
    return any(c.isdigit() for c in span)
