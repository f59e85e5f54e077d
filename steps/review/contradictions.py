"""What is held back tonight until a person decides: it contradicts what is trusted, or others who are trusted as much.

The newer dated source supersedes the older, and needs no person. Held are two users who correct one question
differently on one day, whoever says more of that before it is decided, a user who contradicts a document, two undated
documents that disagree, and whatever one user corrects beyond a number.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from steps.diary import ANONYMOUS
from steps.kinds.conversation.asked import quarrel_key
from steps.kinds.conversation.corrections import Correction
from steps.kinds.conversation.likeness import says_the_same
from steps.kinds.conversation.telling import is_own
from steps.kinds.conversation.turns import corrections
from steps.kinds.table import kind_of
from steps.records import Experience, Held, Withdrawn, content_id
from steps.review.between_documents import between_documents
from steps.review.documents import contradicts, overruled
from steps.review.searching import Search, parts_of, search_tonight
from steps.settings import TriageSettings

NOBODY = "nobody who gave a name"


@dataclass(frozen=True)
class Said:
    """One correction: of which experience, which of its parts, by whom."""

    experience: Experience
    number: int
    what: Correction

    @property
    def user(self) -> str | None:
        return self.what.by or self.experience.payload.get("user")

    @property
    def speaker(self) -> str | None:
        """Who said so, as far as it can be told: of two talks by day without a name it is not known to be one person.

        What its owner put into the inbox without names is one person's.
        """
        payload = self.experience.payload
        named = next((name for name in (self.what.by, payload.get("user")) if name not in (None, ANONYMOUS)), None)
        if named is not None or not payload.get("traces"):
            return named
        return f"talk {payload.get('session') or self.experience.source}"

    @property
    def names(self) -> set[str]:
        """Who said so and whose talk it is, for what is said may come under any name; of a day, nobody has a name, too.

        What its owner put into the inbox without names is as he wants it.
        """
        names = {self.what.by, self.experience.payload.get("user")} - {None, ANONYMOUS}
        return {str(name) for name in names} or ({NOBODY} if self.experience.payload.get("traces") else set())


def said_tonight(met: Iterable[Experience]) -> list[Said]:
    """Return what was corrected and is not one user's own."""
    return [
        Said(experience, number, one)
        for experience in met
        if kind_of(experience).corrected
        for number, one in enumerate(corrections(experience.payload))
        if not is_own(one)
    ]


def held_back(
    met: Callable[[], Iterable[Experience]],
    settings: TriageSettings,
    *,
    night: str,
    said: Sequence[Said],
    search: Search,
    undecided: Mapping[str, Held],
) -> list[Held]:
    """Return what of tonight's experiences waits for a decision.

    Args:
        met: gives tonight's experiences, one after the other, as often as it is asked.
        said: what was corrected tonight.
        search: finds what documents of earlier nights say about a question.
        undecided: what was held on earlier nights and nobody has decided, by the key of its question.
    """
    found: dict[str, Held] = {}
    against = {one.id: one for one in _against_documents(said, met, settings, search, night)}
    for one in (
        *_between_users(said, night),
        *_still_open(said, undecided, settings, night),
        *(one for one in against.values() if one.user not in settings.trusted_users),
        *_flood(said, settings, night),
        *between_documents(met, night),
    ):
        gone = against[one.id].overrules if one.id in against else ()
        found.setdefault(one.id, one.model_copy(update={"overrules": gone}))
    return list(found.values())


def _between_users(said: Sequence[Said], night: str) -> Iterator[Held]:
    """Users who correct one question differently on one day."""
    by_question: dict[str, list[Said]] = defaultdict(list)
    for one in said:
        by_question[quarrel_key(one.what.question)].append(one)
    for group in by_question.values():
        by_value: dict[str, list[Said]] = defaultdict(list)  # hundreds who say the same are compared once
        for one in group:
            by_value[one.what.value].append(one)
        for one in group:
            others = (
                two
                for said in by_value.values()
                if not says_the_same(said[0].what.value, one.what.value)
                for two in said
            )
            if other := next((two for two in others if two.speaker != one.speaker), None):
                why = f"{other.user or 'somebody else'} says otherwise on the same day"
                yield _held(one, night, against=other.experience.source, other=other.what.said, why=why)


def _still_open(
    said: Sequence[Said], undecided: Mapping[str, Held], settings: TriageSettings, night: str
) -> Iterator[Held]:
    """What is said of a question on which a decision waits: to say it again decides nothing."""
    for one in said:
        open_one = undecided.get(quarrel_key(one.what.question))
        if open_one is not None and one.user not in settings.trusted_users:
            why = f"of this question nothing is decided since night {open_one.night}"
            yield _held(one, night, against=open_one.source, other=open_one.says, why=why)


def _against_documents(
    said: Sequence[Said],
    met: Callable[[], Iterable[Experience]],
    settings: TriageSettings,
    search: Search,
    night: str,
) -> Iterator[Held]:
    """Corrections of what a trusted document says, of tonight or of earlier nights."""
    if not said:
        return
    pages = (e for e in met() if e.kind == "document" and _is_trusted(e.source, settings))
    tonight = search_tonight(part for page in pages for part in parts_of(page))
    for one in said:
        earlier = (part for part in search(one.what.question) if _is_trusted(part.source, settings))
        found = [*tonight(one.what.question), *earlier]
        if against := [part for part in found if contradicts(one.what, part)]:
            gone = overruled(one.what, against)
            first = next((part for part in against if (part.experience, part.number) in _places(gone)), against[0])
            why = f"{first.source} {'says' if gone else 'may say'} otherwise"
            yield _held(one, night, against=first.source, other=first.text, why=why, overrules=gone)


def _places(gone: Iterable[Withdrawn]) -> set[tuple[str, int]]:
    return {(one.experience, one.sentence) for one in gone}


def _is_trusted(source: str, settings: TriageSettings) -> bool:
    return any(fnmatchcase(source, pattern) for pattern in settings.trusted)


def _flood(said: Sequence[Said], settings: TriageSettings, night: str) -> Iterator[Held]:
    """What one user corrects beyond the number that is taken of one."""
    counts, most = Counter[str](), settings.corrections_per_user
    for one in said:
        if one.user not in settings.trusted_users:
            counts.update(one.names)
            if who := [name for name in sorted(one.names) if counts[name] > most]:
                why = f"more than {most} corrections by {who[0]} (triage.corrections_per_user)"
                yield _held(one, night, against="", other="", why=why, user=who[0])


def _held(
    one: Said,
    night: str,
    *,
    against: str,
    other: str,
    why: str,
    user: str | None = None,
    overrules: tuple[Withdrawn, ...] = (),
) -> Held:
    return Held(
        id=content_id("held", one.experience.id, one.number),
        night=night,
        experience=one.experience.id,
        source=one.experience.source,
        sentence=one.number,
        question=one.what.question,
        says=one.what.said,
        against=against,
        other=other,
        why=why,
        overrules=overrules,
        user=user or one.user,
    )
