"""What a kind of experience is. A new one is a subclass in a module of its own, entered in ``steps.kinds.table``."""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, Protocol

from steps.kinds.cleaning import Cleaning
from steps.kinds.entry import Entry
from steps.kinds.writing import Shares, Tally
from steps.model.chat_model import ChatModel
from steps.records import Dream, Experience
from steps.settings import Settings


class Read(Protocol):
    """What a file holds: its title, if it has one, and its text."""

    title: str | None

    @property
    def text(self) -> str: ...


Reader = Callable[[str], Read]

DOCUMENTS, CORRECTIONS = "documents", "corrections"
ASKED = frozenset({DOCUMENTS, CORRECTIONS})
"""Suites of what can be asked for: probes tell whether it was learned."""


@dataclass(frozen=True)
class Shown:
    """A record as it is compared and learned from: ``title`` may be empty, ``payload`` holds what is no plain text."""

    title: str
    text: str
    payload: dict[str, Any]


@dataclass(frozen=True)
class Dreaming:
    """What lessons are made with: ``writer`` writes, ``base`` verifies; ``refused`` counts refusals by reason.

    ``plan``: whose way of writing is used for what; ``tallies``: what came of it.
    ``known``: by the id of an experience, the numbers of its parts that earlier nights taught: no lesson is made of
    them again.
    """

    night: str
    settings: Settings
    writer: ChatModel
    base: ChatModel
    refused: Counter[str]
    plan: Shares = field(default_factory=Shares)
    tallies: list[Tally] = field(default_factory=list)
    passages: frozenset[tuple[str, int]] | None = None
    """Which passages are dreamt about tonight, by experience and first sentence; None: all."""
    known: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    obstacle: Callable[..., str | None] = lambda **turn: None
    """Why a turn (messages, completion, calls, tools) cannot be shown whole to the model that learns, or None."""
    earlier: Callable[[], Sequence[Dream]] = tuple
    """What earlier nights taught or held out: read only if it is asked for."""

    def chosen(self, experience: Experience, first: int) -> bool:
        """Whether a passage is dreamt about tonight."""
        return self.passages is None or (experience.id, first) in self.passages


@dataclass(frozen=True)
class Passage:
    """A part of an experience that is read before a question. ``first``: the number of its first sentence.

    ``suite``: of its lessons; a passage is dreamt about, or waits, with those of its suite.
    """

    experience: Experience
    first: int
    sentences: list[str]
    suite: str = DOCUMENTS

    @property
    def context(self) -> str:
        """Title and text as they stand in a prompt."""
        return f"{self.experience.title}\n{' '.join(filter(None, self.sentences))}"


@dataclass(frozen=True)
class Statement:
    """Something that an experience states, as triage weighs it: by its words, how long it holds, and for whom.

    ``part``: the number of the part that teaches it; None: no lesson comes of it. ``heads``: the headings it stands
    under. ``whose``: everybody's; one user's own ("my desk is ..."); or told by one user and confirmed by nobody.
    """

    text: str
    part: int | None = None
    heads: tuple[str, ...] = ()
    whose: Literal["everybody", "own", "told"] = "everybody"


class Kind(ABC):
    """A kind of experience.

    ``name``: what `kind` says in a JSONL file. ``entry``: what else a line must hold. ``files``: readers of whole files
    by suffix, if it has files of its own. ``learned``: whether lessons come from it; what does not teach yet waits.
    ``versioned``: whether a later version takes its place, and is held against it part by part. ``titled``: whether it
    has a title of its own, so that one of the same title elsewhere may be another version of it. ``apart``: whether its
    statements are judged each for itself, or together as one page. ``corrected``: whether users correct answers in it,
    whose parts come first. ``trust``: whose word it is. ``suite``: by what the gate tells whether it was learned, one
    of ASKED or a name in ``steps.examine.kinds.table``, for which some lessons are held out whole.
    """

    name: ClassVar[str]
    entry: ClassVar[type[Entry]]
    files: ClassVar[Mapping[str, Reader]] = {}
    learned: ClassVar[bool] = True
    versioned: ClassVar[bool] = False
    titled: ClassVar[bool] = True
    apart: ClassVar[bool] = False
    corrected: ClassVar[bool] = False
    trust: ClassVar[Literal["owner", "user", "agent"]] = "owner"
    suite: ClassVar[str] = DOCUMENTS

    def of_file(self, title: str, page: Any) -> Entry:
        """Return the entry of a whole file; only a kind with ``files`` is asked."""
        raise NotImplementedError

    def of_line(self, entry: Any) -> Entry:
        """Return the entry of a JSONL line, with whatever its text needs besides validation."""
        return entry

    @abstractmethod
    def shown(self, entry: Any, cleaning: Cleaning) -> Shown:
        """Return a record as text.

        Raises:
            RecordRejected: it is too long.
        """

    def obstacle(self, experience: Experience) -> str | None:
        """Say why nothing can be learned from an experience of a kind that is learned, or None; it waits then."""
        return None

    def idle(self, experience: Experience) -> str | None:
        """Say why an experience teaches nothing at all, or None; it is discarded then."""
        return None

    def lessons(self, experiences: Sequence[Experience], dreaming: Dreaming) -> list[Dream]:
        """Return what is learned from tonight's experiences of this kind.

        Questions that carry the "span" of their answer may be held out as probes where the owner gave none.
        """
        return []

    def lesson(self, experience: Experience, dream: Dream) -> dict[str, Any]:
        """What of a lesson (``steps.lesson``) stands in the experience, so that its dream need not repeat it.

        Of a kind that is no facts at least its messages.
        """
        return {}

    def suite_of(self, dream: Dream) -> str:
        """By which suite it is told whether a dream was learned, where not all of a kind's are of one."""
        return self.suite

    def held_out_with(self, dream: Dream) -> str:
        """A key of what is held out together, for it would give the rest away: by default all of an experience.

        What other kinds show under the same key is held out with it, and taught on no later night.
        """
        return dream.experience or dream.id

    def asked_through(self, dream: Dream) -> str | None:
        """A key of what is taught by several lessons, of which one is never held out; None: each is taught by itself.

        Else the gate would ask for what nobody taught.
        """
        return None

    def parts(self, experience: Experience) -> list[tuple[str, ...]]:
        """What it says, part by part, by the numbers that lessons give as their ``sentence``; each after its headings.

        By them it is told what of a newer version is new, and what is no longer said.
        """
        return [(experience.text,)]

    def answers(self, experience: Experience) -> list[str]:
        """A key of the question that each part answers, if it says so: what answers it later replaces the part."""
        return []

    def statements(self, experience: Experience) -> list[Statement]:
        """What it states, in order; how long that holds, and for whom, decides where it goes."""
        return []

    def claims(self, experience: Experience) -> list[str]:
        """A key of what each part claims, the same for whoever says the same: so support is counted."""
        return [part[-1] for part in self.parts(experience) if part[-1]]

    def notes(self, experience: Experience) -> list[tuple[str, ...]]:
        """What of it may be looked up, by the same numbers; "" where it may not. By default nothing.

        What only a model said, and orders to one, are no notes.
        """
        return []

    def of_one_user(self, experience: Experience) -> frozenset[int]:
        """Which of its notes, by number, are for the user alone who said so."""
        return frozenset()

    def passages(self, experience: Experience) -> Sequence[Passage]:
        """Return the parts that an examination reads; all of it is one, if a kind does not say otherwise."""
        return [Passage(experience, 0, [experience.text], self.suite)]

    def facts(self, experience: Experience) -> Sequence[Passage]:
        """Return the passages that tell what can be asked for: of a kind of another suite none, unless it says so."""
        return self.passages(experience) if self.learned and self.suite in ASKED else []

    def context(self, experience: Experience, sentence: int | None) -> str:
        """Return what the teacher of a lesson reads besides: what it was dreamt from, by number of its sentence."""
        return self.passages(experience)[0].context
