"""The kinds of experience by their names, and what is asked of whatever kind an experience is."""

from steps.kinds.conversation.kind import Conversation
from steps.kinds.demonstration import Demonstration
from steps.kinds.document.kind import Document
from steps.kinds.kind import Kind
from steps.kinds.preference import Preference
from steps.kinds.trace.kind import Trace
from steps.records import Experience

KINDS: dict[str, Kind] = {
    kind.name: kind for kind in (Document(), Conversation(), Trace(), Demonstration(), Preference())
}


def kind_of(experience: Experience) -> Kind:
    """Return the kind of an experience."""
    return KINDS[experience.kind]
