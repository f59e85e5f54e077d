"""Sessions as the traces tell them: what people said of their answers, and what was refused, empty or failed.

A session is one talk with one version, however many messages it has. What a machine said of an answer does not count.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from awake.posting import OUTCOME, TAG, TALK
from steps.diary import ANONYMOUS, person
from steps.kinds.rating import rating
from steps.registry import Registry
from steps.registry.connection import translate_errors
from steps.registry.traces import TENANT, VERSION, days_of

MOST = 2000  # traces of a version that are looked at, the newest
_PAGE = 500
_RATINGS = frozenset(
    "rating thumbs thumbs_up user_rating feedback user_feedback correct correctness helpful helpfulness quality good "
    "accepted approved".split()
)
"""Names of what says whether an answer was good: of "toxicity" a "no" is no complaint."""
_FAILED = ("refused", "empty", "error")
_CORRECTED = -1000  # a correction outweighs what others say of the same answer


@dataclass
class Session:
    """One talk. ``words``: for each exchange of which something is known, the marks that people gave it, by person.

    Of one that failed and that nobody judged there are none: it counts as a bad one.
    """

    talk: str
    user: str
    words: list[dict[str, int]] = field(default_factory=list)
    exchanges: int = 0
    corrections: int = 0
    failed: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_FAILED, 0))

    @property
    def raters(self) -> set[str]:
        """Who judged it, by the names that they gave."""
        return {name for said in self.words for name in said} - {ANONYMOUS}

    @property
    def judged(self) -> bool:
        """Whether a person did."""
        return any(self.words)

    @property
    def marks(self) -> list[int]:
        """Of each exchange of which something is known: 1 is good, -1 bad, 0 neither."""
        sums = [sum(said.values()) if said else -1 for said in self.words]
        return [(total > 0) - (total < 0) for total in sums]

    def without(self, raters: set[str]) -> "Session":
        """The session as it is without what these people said of it."""
        left = [{name: mark for name, mark in said.items() if name not in raters} for said in self.words]
        return replace(self, words=[now for was, now in zip(self.words, left, strict=True) if now or not was])

    @property
    def score(self) -> float:
        """What people think of it, from 0 to 1; only of one that is ``judged``."""
        return (1 + sum(self.marks) / len(self.marks)) / 2

    @property
    def answered(self) -> float:
        """The share of its exchanges that were answered."""
        return 1 - sum(self.failed.values()) / self.exchanges


def sessions_of(registry: Registry, number: str) -> list[Session]:
    """Read the sessions of a version, as traces name it, oldest first.

    Raises:
        SlumberError: MLflow is away.
    """
    with translate_errors(registry.uri, outcome="nothing is decided"):
        client = registry.client
        experiment = client.get_experiment_by_name(days_of(registry))
        if experiment is None:
            return []
        found: list[Any] = []
        token = None
        while len(found) < MOST:
            page = client.search_traces(
                locations=[experiment.experiment_id],
                filter_string=f"tags.`{VERSION}` = '{number}'",
                max_results=_PAGE,
                order_by=["timestamp_ms DESC"],
                page_token=token,
                include_spans=False,
            )
            found, token = [*found, *(trace.info for trace in page)], page.token
            if not token:
                break
    return gathered(reversed(found))


def gathered(traces: Iterable[Any]) -> list[Session]:
    """Gather traces (MLflow's ``TraceInfo``, oldest first) of one version to sessions."""
    sessions: dict[str, Session] = {}
    for trace in traces:
        tags, metadata = trace.tags, trace.trace_metadata
        if TAG not in tags:  # an agent's own, that nobody answered here
            continue
        talk = tags.get(TALK) or metadata.get("mlflow.trace.session") or tags[TAG]
        people = [a for a in trace.assessments if _is_persons(a)]
        said_by = next((a.source.source_id for a in people if a.source.source_id), ANONYMOUS)
        tenant = tags.get(TENANT)
        user = person(metadata.get("mlflow.trace.user") or said_by, tenant) or ANONYMOUS
        session = sessions.setdefault(talk, Session(talk, user))
        _add(session, tags.get(OUTCOME, "answered"), people, tenant)
        if session.user == ANONYMOUS:
            session.user = user
    return list(sessions.values())


def _add(session: Session, outcome: str, people: list[Any], tenant: str | None) -> None:
    session.exchanges += 1
    if outcome in session.failed:
        session.failed[outcome] += 1
    said: dict[str, int] = {}  # the last word of each person
    for a in sorted(people, key=lambda a: a.last_update_time_ms or 0):
        name = person(a.source.source_id, tenant) or ANONYMOUS
        if a.expectation is not None and a.name == "expected_response":
            said[name] = _CORRECTED
        elif a.feedback is not None and a.name.lower() in _RATINGS and (mark := rating(a.feedback.value)):
            said[name] = said[name] if said.get(name) == _CORRECTED else mark
    session.corrections += _CORRECTED in said.values()
    if len(said) > 1:
        said.pop(ANONYMOUS, None)  # whoever gives no name is the user who asked, if nobody speaks for himself
    if said or outcome in session.failed:
        session.words.append(said)


def _is_persons(assessment: Any) -> bool:
    return assessment.source is not None and assessment.source.source_type == "HUMAN" and assessment.valid is not False
