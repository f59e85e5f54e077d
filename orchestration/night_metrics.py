"""The nights in figures, for node_exporter's textfile collector (`slumber metrics`), by prometheus_client.

Gauges only, which Prometheus' older text format and OpenMetrics write alike, and labels with few values: nobody's name,
no texts, no dates.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from orchestration.environment import Deployment
from orchestration.history import versions
from orchestration.missed import missed, read_noted
from orchestration.running import holder, last_verdict
from orchestration.scores import read_scores
from orchestration.status import alerts
from orchestration.timings import read_timings
from steps.diary import FOLDER, waiting_entries
from steps.errors import SlumberError
from steps.records import Carried, Verdict
from steps.registry import Registry, reading
from steps.registry.version import serving
from steps.review.decisions import undecided
from steps.workspace import VERDICT, Workspace, read_records

if TYPE_CHECKING:
    from prometheus_client import Metric
    from prometheus_client.core import GaugeMetricFamily

_SAID = ("PROMOTE", "REJECT", "INCONCLUSIVE", "NO_OP")


def metrics_text(found: Deployment) -> str:
    """Return all figures as text.

    Raises:
        SlumberError: prometheus_client is not installed.
    """
    try:
        from prometheus_client import CollectorRegistry
        from prometheus_client.openmetrics.exposition import generate_latest
    except ImportError:
        raise SlumberError("`slumber metrics` needs prometheus_client: pip install prometheus_client.") from None
    registry = CollectorRegistry()
    registry.register(_Nights(found))
    return generate_latest(registry).decode()


class _Nights:
    """Collects the figures when it is asked."""

    def __init__(self, found: Deployment):
        self._found = found

    def collect(self) -> Iterator["Metric"]:
        found, workspace = self._found, self._found.workspace
        verdict, champion = last_verdict(workspace), serving(versions(found))
        yield _gauge("alerts", "Alerts that `slumber status` tells.", len(alerts(found)))
        yield _gauge("night_running", "1 while a night runs.", holder(workspace) is not None)
        yield _gauge("schedule_on", "1 if nights start by themselves.", read_noted(workspace) is not None)
        missing = len(missed(found.settings.schedule, workspace))
        yield _gauge("missed_nights", "Nights that were due, did not run, and were not made up for.", missing)
        if champion and champion.version.isdigit():
            yield _gauge("champion_version", "Version that serves, as in the registry.", int(champion.version))
        waits = _labelled("waiting", "What waits, by what it is.", "what")
        for what, count in _waiting(found).items():
            waits.add_metric([what], count)
        yield waits
        if verdict:
            yield from _last(workspace, verdict)


def _last(workspace: Workspace, verdict: Verdict) -> Iterator["Metric"]:
    """The last night that came to a verdict."""
    ended = (workspace.night_dir(verdict.night) / VERDICT).stat().st_mtime
    yield _gauge("last_night_end_timestamp_seconds", "When the last night came to its verdict.", ended)
    said = _labelled("last_night_verdict", "1 at the verdict of the last night.", "verdict")
    for word in _SAID:
        said.add_metric([word], word == verdict.verdict)
    yield said
    seconds = _labelled("last_night_step_seconds", "Seconds of each step of the last night.", "step")
    for step, took in read_timings(workspace, verdict.night).items():
        if step != "tokens_per_second":
            seconds.add_metric([step], took)
    yield seconds
    scores = read_scores(workspace, verdict.night, verdict=verdict)
    before, after = scores.closed_book("champion") or scores.closed_book("base"), scores.closed_book("candidate")
    right = _labelled("last_night_probes_right", "Tonight's probes that were right, closed book.", "when")
    asked = _labelled("last_night_probes_asked", "Tonight's probes that were asked.", "when")
    for when, pair in (("before", before), ("after", after)):
        if pair:
            right.add_metric([when], pair[0])
            asked.add_metric([when], pair[1])
    yield from (right, asked)


def _waiting(found: Deployment) -> dict[str, int]:
    workspace = found.workspace
    nights = workspace.nights("carried")
    path = workspace.dataset("carried", nights[-1]) if nights else None
    carried = read_records(path, Carried) if path and path.is_file() else []
    return {
        "approval": len(reading.waiting(Registry(found.settings, workspace))),
        "carried_sentences": sum(row.sentences for row in carried),
        "diary": len(waiting_entries(workspace.state / FOLDER)),
        "review": len(undecided(workspace)),
    }


def _gauge(name: str, what: str, value: float) -> "Metric":
    from prometheus_client.core import GaugeMetricFamily

    return GaugeMetricFamily(f"slumber_{name}", what, value=float(value))


def _labelled(name: str, what: str, label: str) -> "GaugeMetricFamily":
    from prometheus_client.core import GaugeMetricFamily

    return GaugeMetricFamily(f"slumber_{name}", what, labels=[label])
