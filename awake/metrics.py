"""What the server counts, for ``GET /metrics``: OpenMetrics, by prometheus_client (the extra `metrics`).

No label has values that clients choose: neither names nor keys, models, versions or words. Without the library nothing
is counted, and whoever asks is told how to get it.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

from awake.asking import Answer, NotAnswered
from awake.faults import Fault

OPENMETRICS = "application/openmetrics-text"
_SECONDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)
_OUTCOMES = {401: "denied", 403: "denied", 429: "busy", 499: "left", 500: "error", 503: "unavailable"}

Gauges = dict[str, tuple[str, Callable[[], float]]]
"""What is asked when somebody looks, by name: what it is, and how it is found."""


class Metrics:
    """Counts requests, tokens and times; ``gauges`` are asked at every look."""

    def __init__(self, gauges: Gauges):
        self.registry: Any = None
        if find_spec("prometheus_client") is None:
            return
        from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

        self.registry = CollectorRegistry()
        into: dict[str, Any] = {"registry": self.registry}
        self._requests = Counter("slumber_requests", "Requests by route and outcome.", ("route", "outcome"), **into)
        self._tokens = Counter("slumber_tokens", "Tokens read in prompts, and written.", ("kind",), **into)
        timed: dict[str, Any] = {"buckets": _SECONDS, "unit": "seconds", **into}
        self._first = Histogram("slumber_first_token", "From a request to its first word.", **timed)
        self._whole = Histogram("slumber_answer", "From a request to its last word.", **timed)
        for name, (what, ask) in gauges.items():
            Gauge(f"slumber_{name}", what, **into).set_function(ask)
        ProcessCollector(**into)

    @contextmanager
    def request(self, route: str) -> Iterator["Meter"]:
        """Measure one request; what is raised is its outcome."""
        meter = Meter(self, route)
        try:
            yield meter
        except Fault as fault:
            meter.failed(fault.status)
            raise
        except Exception:
            meter.failed(500)
            raise

    def text(self, accept: str) -> tuple[bytes, str]:
        """Return all that was counted, and its media type; what nobody names another form for is OpenMetrics.

        Raises:
            NotAnswered: prometheus_client is not installed.
        """
        if self.registry is None:
            message = "Metrics need prometheus_client: pip install prometheus_client, and start the server again."
            raise NotAnswered(message, status=501)
        from prometheus_client.exposition import choose_encoder

        wanted = accept if OPENMETRICS in accept or "text/plain" in accept else OPENMETRICS
        try:
            encode, kind = choose_encoder(wanted)
            return encode(self.registry), kind
        except (TypeError, ValueError):  # a version of the form that nobody knows
            encode, kind = choose_encoder(OPENMETRICS)
            return encode(self.registry), kind

    def count(self, meter: "Meter", outcome: str, answer: Answer | None) -> None:
        if self.registry is None:
            return
        self._requests.labels(meter.route, outcome).inc()
        if answer is None:
            return
        self._tokens.labels("prompt").inc(len(answer.ask.prompt))
        self._tokens.labels("completion").inc(len(answer.tokens))
        if answer.first_at is not None:
            self._first.observe(max(0.0, answer.first_at - meter.began))
        if outcome in ("answered", "refused", "empty"):
            self._whole.observe(time.monotonic() - meter.began)


class Meter:
    """One request: how it ended is counted once. ``answer``: what it is given, as soon as that is begun."""

    def __init__(self, metrics: Metrics, route: str):
        self.route, self.began = route, time.monotonic()
        self.answer: Answer | None = None
        self._metrics, self._ended = metrics, False

    def ended(self, outcome: str) -> None:
        if not self._ended:
            self._ended = True
            self._metrics.count(self, outcome, self.answer)

    def failed(self, status: int) -> None:
        self.ended(_OUTCOMES.get(status, "invalid" if status < 500 else "error"))
