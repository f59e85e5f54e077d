"""What a verdict was made from, as it is shown: how new, how long it holds, whose it is, who says it, how many."""

from collections import defaultdict
from collections.abc import Iterable
from fnmatch import fnmatchcase

from steps.ingest.tables import folded, number
from steps.kinds.table import kind_of
from steps.records import Experience
from steps.settings import TriageSettings


class Support:
    """How many sources of a night say what an experience says."""

    def __init__(self, tonight: Iterable[Experience]):
        self._sources: dict[int, set[int]] = defaultdict(set)
        for experience in tonight:
            for claim in _claims(experience):
                self._sources[claim].add(_source(experience))

    def of(self, experience: Experience) -> int:
        """Return how many sources say its parts, itself counted: of the part that most say."""
        return max((len(self._sources[claim]) for claim in _claims(experience)), default=1)


def _claims(experience: Experience) -> set[int]:
    return {number(experience.kind, folded(claim)) for claim in kind_of(experience).claims(experience)}


def _source(experience: Experience) -> int:
    """Who says it: the user, of whom many talks are one source, or else the record."""
    user = experience.payload.get("user")
    return number("user", user) if user else number("record", experience.source, experience.record)


def trust(experience: Experience, settings: TriageSettings) -> str:
    """Return whose word it is: trusted by the settings, or else the owner's, a user's or an agent's."""
    kind, user = kind_of(experience), experience.payload.get("user")
    if kind.trust == "owner" and any(fnmatchcase(experience.source, pattern) for pattern in settings.trusted):
        return "trusted"
    return "trusted" if kind.trust == "user" and user in settings.trusted_users else kind.trust
