"""The kinds of experience by their names, and what is asked of whatever kind an experience is."""

from steps.kinds.conversation import Conversation
from steps.kinds.demonstration import Demonstration
from steps.kinds.document.kind import Document
from steps.kinds.kind import Kind, Passage
from steps.kinds.preference import Preference
from steps.kinds.trace import Trace
from steps.records import Experience, Probe
from steps.sentences import content_words

KINDS: dict[str, Kind] = {
    kind.name: kind for kind in (Document(), Conversation(), Trace(), Demonstration(), Preference())
}


def kind_of(experience: Experience) -> Kind:
    """Return the kind of an experience."""
    return KINDS[experience.kind]


def best_passage(question: str, experiences: list[Experience]) -> Passage | None:
    """Return the passage that shares the most content words with the question, or None if none shares any."""
    wanted = content_words(question)
    ranked = [(len(wanted & content_words(p.context)), p) for e in experiences for p in kind_of(e).passages(e)]
    best = max(ranked, key=lambda pair: pair[0], default=None)
    return best[1] if best and best[0] else None


def passage_for(probe: Probe, document: Experience | None, corpus: list[Experience]) -> Passage | None:
    """The passage to read: the best of the probe's own document, or of its cohort's where the owner named none."""
    among = [document] if document else [e for e in corpus if kind_of(e).learned]
    found = best_passage(probe.question, among)
    if found or document is None:
        return found
    return next(iter(kind_of(document).passages(document)), None)
