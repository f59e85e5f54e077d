"""A night as an OpenTelemetry trace: a span for the night, one for each step, with its figures as attributes.

It is exported over OTLP if the standard variables ask for it (OTEL_EXPORTER_OTLP_ENDPOINT and its kin); else nothing is
imported. MLflow makes traces of its own with the same SDK, so that the tracer here is nobody's global one; and since it
takes the same variables for its own (what people said by day would go to the collector, and not to MLflow, where nights
read it), they are put out of its sight (``orchestration.environment.hide_from_mlflow``).
"""

import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from orchestration.environment import OTLP_HIDDEN
from steps.manifest import StepRecord
from steps.night import Night
from steps.progress import say

_BASE, _TRACES = f"{OTLP_HIDDEN}OTEL_EXPORTER_OTLP_ENDPOINT", f"{OTLP_HIDDEN}OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
_NAMED = ("experiments", "carried_from")  # counts by names that somebody chose, or by dates
_EXAMINED = {"probes": (1, "right"), "anchors": (0, "right"), "canaries": (0, "surfaced")}
"""Counts as pairs: by how many names after the first the totals are called, and what the first of a pair counts."""
_spans: dict[str, tuple[Any, Any]] = {}  # tracer and span of the nights that run in this process, by their runs


def endpoint() -> str | None:
    """Where traces are to go; None: nobody asks for any."""
    env = os.environ
    exporters = env.get("OTEL_TRACES_EXPORTER", "otlp").replace(" ", "").split(",")
    if env.get("OTEL_SDK_DISABLED", "").lower() == "true" or "otlp" not in exporters:
        return None
    if traces := env.get(_TRACES):
        return traces
    base = env.get(_BASE)
    return base if base is None or _protocol() == "grpc" else f"{base.rstrip('/')}/v1/traces"


@contextmanager
def traced_night(night: Night) -> Iterator[None]:
    """Have the night be a span, if traces are asked for. Whatever goes wrong with that, the night goes on."""
    sending = _sending()
    if sending is None or night.run_id is None:
        yield
        return
    tracer = sending.provider.get_tracer("slumber")
    about = {"slumber.night": night.date, "slumber.work": night.workspace.work, "dagster.run_id": night.run_id}
    span = tracer.start_span("night", attributes=about)
    _spans[night.run_id] = tracer, span
    try:
        yield
    finally:
        del _spans[night.run_id]
        span.end()
        sending.end()


@contextmanager
def traced_step(night: Night, name: str) -> Iterator[Callable[[StepRecord], None]]:
    """Have a step be a span below its night's; what is yielded is to be told the step's record."""
    found = _spans.get(night.run_id or "")
    if found is None:
        yield lambda record: None
        return
    from opentelemetry import trace

    tracer, above = found
    span = tracer.start_span(name, context=trace.set_span_in_context(above))

    def told(record: StepRecord) -> None:
        span.set_attributes(attributes_of(record))
        if verdict := getattr(record.figures, "verdict", None):  # the last step that has one has the night's
            above.set_attribute("slumber.verdict", verdict)

    try:
        yield told
    except BaseException as error:
        for failed in (span, above):  # no more than what kind of error: what it says may quote what people wrote
            failed.set_status(trace.StatusCode.ERROR, f"{name}: {type(error).__name__}")
        raise
    finally:
        span.end()


def attributes_of(record: StepRecord) -> dict[str, str | bool | int | float]:
    """A step's figures as attributes: numbers, counts by name, and the verdict.

    No texts, which may be what people wrote. Of an examination: what base, champion and candidate had right of what
    they were asked, and how many canaries surfaced; of names by night or ability there is no end.
    """
    found: dict[str, str | bool | int | float] = {"slumber.reused": record.reused, "slumber.seconds": record.seconds}
    for name, value in record.figures.model_dump(exclude_none=True, exclude=set(_NAMED)).items():
        if name in _EXAMINED and isinstance(value, Mapping):
            found |= _examined(record.step, name, value)
            continue
        counts = value if isinstance(value, Mapping) else {"": value}
        for key, one in counts.items():
            if isinstance(one, bool | int | float) or name == "verdict":
                found[_key(record.step, name, key)] = one
    return found


def _examined(step: str, name: str, pairs: Any) -> dict[str, int]:
    levels, what = _EXAMINED[name]
    return {
        _key(step, name, *key.split("/"), word): count
        for key, pair in pairs.items()
        if key.count("/") == levels
        for word, count in zip((what, "asked"), pair, strict=True)
    }


def _key(*parts: str) -> str:
    """A name for an attribute: no blanks, which collectors and their query languages cannot take."""
    return ".".join(re.sub(r"[^\w-]+", "_", part) for part in ("slumber", *parts) if part)


def _sending() -> Any:
    """What sends this night's spans, or None."""
    where = endpoint()
    if where is None:
        return None
    try:
        from orchestration.span_export import Sending

        return Sending(where, protocol=_protocol())
    except ImportError:
        protocol = _protocol()
        package = f"opentelemetry-exporter-otlp-proto-{'grpc' if protocol == 'grpc' else 'http'}"
        say(f"OTEL_... asks for traces over {protocol}, whose exporter is not installed: pip install {package}.")
        return None
    except Exception as error:  # a value that the exporter, or what batches for it, cannot take
        say(f"OTEL_... asks for traces that cannot be sent ({type(error).__name__}): the night goes on without.")
        return None


def _protocol() -> str:
    env, default = os.environ, "http/protobuf"
    return env.get("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL") or env.get("OTEL_EXPORTER_OTLP_PROTOCOL") or default
