"""Sessions as the traces tell them: what people said of their answers, and what was refused, empty or failed.

A session is one talk with one version, however many messages it has. What a machine said of an answer does not count.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
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


@dataclass
class Session:
    """One talk. ``marks``: of each exchange that says something, 1 or -1; ``judged``: whether a person did.

    ``raters``: who did, by the names that they gave.
    """

    talk: str
    user: str
    marks: list[int] = field(default_factory=list)
    judged: bool = False
    exchanges: int = 0
    corrections: int = 0
    failed: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_FAILED, 0))
    raters: set[str] = field(default_factory=set)

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
        named = {a.source.source_id for a in people} - {None, ANONYMOUS}
        session.raters |= {name for one in named if (name := person(one, tenant))}
        _add(session, tags.get(OUTCOME, "answered"), people)
        if session.user == ANONYMOUS:
            session.user = user
    return list(sessions.values())


def _add(session: Session, outcome: str, people: list[Any]) -> None:
    session.exchanges += 1
    if outcome in session.failed:
        session.failed[outcome] += 1
    corrected = any(a.expectation is not None and a.name == "expected_response" for a in people)
    ratings: dict[str, int] = {}  # the last word of each person
    for a in sorted(people, key=lambda a: a.last_update_time_ms or 0):
        if a.feedback is not None and a.name.lower() in _RATINGS and (mark := rating(a.feedback.value)):
            ratings[a.source.source_id or ANONYMOUS] = mark
    session.corrections += corrected
    if corrected or ratings:
        session.judged = True
        session.marks.append(-1 if corrected or sum(ratings.values()) < 0 else 1 if sum(ratings.values()) else 0)
    elif outcome in session.failed:
        session.marks.append(-1)


def _is_persons(assessment: Any) -> bool:
    return assessment.source is not None and assessment.source.source_type == "HUMAN" and assessment.valid is not False
