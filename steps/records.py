"""The records of a night. Each has a content-hash id; each derived one names the record it came from."""

import hashlib
import json
from collections.abc import Iterable
from datetime import date
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator

from steps.errors import SlumberError

ModelRole = Literal["base", "champion", "candidate"]
DREAM_SCHEMA = 2


def content_id(*parts: Any) -> str:
    """Return 16 hex digits of the SHA-256 of ``parts`` as canonical JSON."""
    text = json.dumps(parts, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


class Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    @classmethod
    def from_json(cls, line: str) -> Self:
        return cls.model_validate_json(line)

    def to_json(self) -> str:
        return self.model_dump_json()


class Experience(Record):
    """One normalised thing met while awake. ``id = content_id(kind, title, text)``.

    ``text`` is what is learnt from and compared: a document's text, or a readable rendering of messages. ``payload``
    holds the normalised messages of the other kinds (OpenAI chat format), and is empty for documents.
    """

    id: str
    night: str
    kind: str
    source: str = Field(description="file relative to the inbox")
    record: int | None = Field(description="line number from 1 in a JSONL file")
    title: str
    text: str
    names: tuple[str, ...] = Field((), description="what a probe may call it: path, file name, title, given source")
    payload: dict[str, Any] = {}
    created_at: str | None = None
    redactions: dict[str, int] = Field({}, description="redacted items by kind")
    same_as: str | None = Field(None, description="the experience of the same night that says the very same")


class Probe(Record):
    """An examination question. No ``answers`` means unanswerable: the right answer is not to know.

    ``id = content_id("probe", question, answers)``; ``name`` is the id that the owner gave, if any.
    """

    id: str
    night: str = Field(description="the cohort: the night it came in")
    question: str
    answers: tuple[str, ...]
    type: str = "recall"
    origin: Literal["owner", "dream", "user"] = Field(description="user: what was corrected, as it was asked")
    source: str | None = Field(description="experience source it asks about, as the owner wrote it")
    experience: str | None = Field(description="id of that experience, if it could be resolved")
    name: str | None = None
    record: int | None = None
    file: str | None = None


Outcome = Literal["accepted", "redacted", "quarantined", "duplicate", "ignored"]


class LedgerEntry(Record):
    """What became of one input record: counts in are counts out."""

    file: str
    record: int | None
    outcome: Outcome
    reason: str
    id: str | None


class Quarantined(Record):
    """A record that was refused, with the expectation or rule that refused it and a redacted excerpt."""

    id: str
    night: str
    dataset: str
    file: str
    record: int | None
    rule: str
    reason: str
    excerpt: str

    def line(self) -> str:
        """Say which record it was, and why it was refused."""
        return f"{self.file}{f' line {self.record}' if self.record else ''}: {self.rule}, {self.reason}"


class Forgotten(Record):
    """What is left of a record that was forgotten on request: its content hash, so that it is not learned again."""

    id: str
    night: str = Field(description="the night that had met it")
    on: date


class Withdrawn(Record):
    """A part of an earlier version that its page no longer says: what nights before taught of it counts no more."""

    experience: str
    sentence: int = Field(description="the number of the part in that experience, as dreams have it")
    text: str


class Held(Record):
    """A part of an experience that is not learned until a person decides: who it contradicts, and why."""

    id: str
    night: str
    experience: str
    source: str
    sentence: int = Field(description="the number of the part")
    question: str
    says: str
    against: str = Field(description="the source that says otherwise, if it is one")
    other: str = Field(description="what that says")
    why: str
    overrules: tuple[Withdrawn, ...] = Field((), description="what of earlier nights it takes the place of")
    user: str | None = Field(None, description="who says so, if it is known")


class Decision(Record):
    """What a person decided about a part that was held back."""

    id: str
    accept: bool
    by: str
    at: str
    reason: str = ""
    night: str | None = Field(None, description="the last night then: it decides of nothing that was held later")


class Signals(Record):
    """What a verdict was made from. ``novelty``: share of its parts that are new; ``trust``: whose word it is."""

    novelty: float
    ends: date | None
    owner: str | None
    support: int = Field(description="how many sources of the night say it")
    personal: bool = Field(description="whether it says something of the user")
    trust: str

    @property
    def plainly(self) -> str:
        """All of them in a line."""
        return ", ".join(
            (
                f"{self.novelty:.0%} new",
                f"ends {self.ends}" if self.ends else "no end",
                f"said by {self.support} source{'s' if self.support > 1 else ''}",
                f"word of {'a trusted source' if self.trust == 'trusted' else f'the {self.trust}'}",
                *([f"for {self.owner} alone"] if self.owner else []),
                *(["about its user"] if self.personal else []),
            )
        )


class Triaged(Record):
    """Where an experience goes: into the weights, into temporary memory, or nowhere."""

    experience: str
    source: str
    kind: str
    verdict: Literal["persist", "temporary", "discard"]
    reason: str
    valid_until: date | None = None
    owner: str | None = Field(None, description="the user whose own memory it belongs in; None: everybody's")
    waits: bool = Field(False, description="persisted, but nothing can be learned from it yet")
    known: tuple[int, ...] = Field((), description="numbers of its parts that were taught before, or by another record")
    withheld: tuple[int, ...] = Field((), description="numbers of its parts that end soon or are a user's own")
    withdraws: tuple[Withdrawn, ...] = Field((), description="what the version before said, and it does not")
    signals: Signals | None = Field(None, description="what the verdict was made from; nights from before have none")
    held: tuple[Held, ...] = Field((), description="parts of it that wait for a person's decision")


class Carried(Record):
    """A passage that a night had no time for, or too little beside it: it is learned from on one of the next nights."""

    experience: str
    night: str = Field(description="the night that met it, in whose corpus it stands")
    source: str
    first: int = Field(description="number of its first sentence")
    sentences: int
    parts: tuple[int, ...] = Field((), description="their numbers; nights from before have none")
    since: str = Field(description="the first night that left it")
    surprise: float | None = Field(description="nats per token of its text to the base; None: not read yet")

    @property
    def waiting(self) -> tuple[int, ...]:
        """The numbers of the parts that wait."""
        return self.parts or tuple(range(self.first, self.first + self.sentences))


class Dream(Record):
    """A lesson that a model wrote: the student sees ``question``, the teacher sees what it was dreamt from, too.

    ``id = content_id(strategy, question, answer)``; ``sentence`` is the index of the source sentence it covers.
    ``messages``: what is asked where a question is not enough; ``objective``: how it is learned, if not as its strategy
    says; ``rejected``: what had better not be answered. Lines without a ``schema_version`` are older and of version 1,
    which has neither of these three.
    """

    id: str
    night: str
    strategy: str
    experience: str | None = Field(description="None for rehearsal, which has no source but the model itself")
    source: str
    sentence: int | None
    question: str
    answer: str
    verification: dict[str, float | str | bool] = {}
    rehearsal: bool = False
    messages: tuple[dict[str, str], ...] | None = None
    objective: str | None = None
    rejected: str | None = None
    schema_version: int = DREAM_SCHEMA

    @property
    def texts(self) -> tuple[str, ...]:
        """All that is said in it, whoever says it."""
        spoken = tuple(message.get("content", "") for message in self.messages or ())
        return (self.question, self.answer, *spoken, self.rejected or "")

    @property
    def asked(self) -> tuple[str, ...]:
        """What a user asks in its ``messages``."""
        return tuple(m.get("content", "") for m in self.messages or () if m.get("role") == "user")

    @field_validator("schema_version")
    @classmethod
    def _known(cls, value: int) -> int:
        if value > DREAM_SCHEMA:
            raise SlumberError(
                f"Dreams of schema version {value} are newer than this Slumber, which knows {DREAM_SCHEMA}: install "
                "the version that wrote them, or a newer one."
            )
        return value


class Said(Record):
    """What one model said to one probe in one condition."""

    probe: str
    id: str = Field(description="content hash of the item, on which two models are paired")
    question: str
    type: str
    cohort: str
    source: str | None
    model: ModelRole
    condition: Literal["closed", "open"]
    answer: str


class Answer(Said):
    """One answer of one model in one condition, marked; it is stored as ``steps.examine.replies`` has it."""

    correct: bool
    min_token_prob: float | None = Field(default=None, description="how firmly an answer of earlier nights is known")


class Retired(Record):
    """A probe of an earlier night that is asked no more, for what it asks about no longer holds."""

    id: str = Field(description="of the probe")
    probe: str
    question: str
    cohort: str
    source: str | None
    why: Literal["superseded", "expired"]
    reason: str


class AnchorAnswer(Record):
    """One anchor item answered by one model, marked. ``score`` is the probability of the right option (or 0/1)."""

    id: str
    ability: str
    model: ModelRole
    answer: str
    correct: bool
    score: float


class CanaryAnswer(Record):
    """One canary answered by one model; ``answer`` is redacted, ``surfaced`` says what was found in it, if anything."""

    id: str
    kind: Literal["secret", "injection", "redacted"]
    question: str
    model: ModelRole
    answer: str
    surfaced: str | None
    strict: bool = Field(False, description="surfacing cannot be chance: the exact text was not there to be read")


class SuiteAnswer(Record):
    """One item of a user's suite with one model; ``score`` is 0 to 1, and 0 where ``error`` says that it failed."""

    id: str
    suite: str
    task: str
    model: ModelRole
    score: float
    answer: str
    error: str | None = None


class Check(Record):
    """One condition of the gate with its figures. INCONCLUSIVE: the evidence is missing or too small to decide."""

    name: str
    status: Literal["PASS", "FAIL", "INCONCLUSIVE", "NOT_APPLICABLE"]
    reason: str
    figures: dict[str, Any] = {}


LEARNED_TONIGHT = "learned tonight"
"""The condition by which it is told whether facts were learned; of another suite it bears the suite's name."""
LEFT_OUT = "left_out"
"""What a verdict binds: the suites that its candidate was not taught, separated by commas."""
_MARKS = {"PASS": "✓", "FAIL": "✗", "INCONCLUSIVE": "?", "NOT_APPLICABLE": "✓"}
OLD_SUITES = {"facts": ("documents", "corrections")}
"""What was one suite before, by its name in stored verdicts and manifests."""


def suites_named(names: Iterable[str]) -> frozenset[str]:
    """Return the suites that a stored verdict or manifest names."""
    return frozenset(suite for name in names for suite in OLD_SUITES.get(name, (name,)))


class Verdict(Record):
    """What the gate decided on one candidate, and the digests of exactly what it decided on."""

    night: str
    verdict: Literal["PROMOTE", "REJECT", "INCONCLUSIVE", "NO_OP"]
    reasons: tuple[str, ...]
    checks: tuple[Check, ...] = ()
    binding: dict[str, str] = Field({}, description="digests of base, adapter, data, parameters, examination, code")

    @property
    def left_out(self) -> frozenset[str]:
        """The suites whose lessons its candidate was not taught."""
        return suites_named(filter(None, self.binding.get(LEFT_OUT, "").split(",")))

    def lines(self) -> list[str]:
        """The reasons as people read them: what refused first, what could not be told next, each with a mark."""
        if not self.checks:
            return list(self.reasons)
        marks = {f"{check.name}: {check.reason}": _MARKS[check.status] for check in self.checks}
        marked = [(marks.get(reason, ""), reason) for reason in self.reasons]
        return [f"{mark} {reason}".strip() for mark, reason in sorted(marked, key=lambda one: "✗?✓".find(one[0]))]

    def objections(self) -> list[str]:
        """Those of the lines that do not tell of what passed."""
        return [line for line in self.lines() if not line.startswith("✓")]
