"""A night reaches a collector over OTLP, span by span, if it is asked for; MLflow's own traces never do."""

import gzip
import os
import socket
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

import dagster as dg
import pytest

from orchestration.assets import _run
from orchestration.environment import Deployment, hide_from_mlflow
from orchestration.resources import tonight_resource
from orchestration.tracing import _sending, endpoint
from steps.manifest import Figures
from steps.settings import REPOSITORY
from steps.step import Step

NIGHT = "2026-11-22"
WANTED = "OTEL_EXPORTER_OTLP_ENDPOINT"


class CountFigures(Figures):
    """What a step counts: numbers, counts by name, and a text."""

    kept: int
    by_kind: dict[str, int]
    experiments: dict[str, int]
    said: str
    verdict: str
    probes: dict[str, list[int]]
    canaries: dict[str, list[int]]


class CountStep(Step[CountFigures]):
    """Count."""

    name, figures = "count", CountFigures

    def work(self, night):
        experiments = {"talks of Olin Krann": 1}
        return CountFigures(
            kept=3,
            by_kind={"document": 2, "known without the document": 1},
            experiments=experiments,
            said="Olin Krann built it",
            verdict="REJECT",
            probes={"candidate/closed": [4, 9], f"candidate/closed/{NIGHT}": [1, 2]},
            canaries={"champion": [0, 3], "champion/Olin Krann": [0, 1]},
        )


class FailStep(Step[CountFigures]):
    """Fail."""

    name, figures = "fail", CountFigures

    def work(self, night):
        raise ValueError("Olin Krann built it")


@pytest.fixture
def collector():
    """Yield (address, requests): all that is posted to an OTLP server, by path, decoded."""
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    received = []

    class Keeps(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            body = gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body
            received.append((self.path, ExportTraceServiceRequest.FromString(body)))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Keeps) as found:
        threading.Thread(target=found.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{found.server_port}", received
        found.shutdown()


@pytest.fixture(autouse=True)
def _no_telemetry_of_the_machine():
    """The variables are renamed for the whole process: what was there before comes back."""
    before = dict(os.environ)
    for name in [name for name in os.environ if "OTEL_" in name]:
        del os.environ[name]
    yield
    os.environ.clear()
    os.environ.update(before)


def asked(address):
    os.environ[WANTED] = address
    hide_from_mlflow()


def sleep(settings, workspace, tmp_path, *steps):
    """Run a job whose one op does the steps, on the resource that nights are given."""
    (tmp_path / "inbox").mkdir()

    @dg.op(required_resource_keys={"tonight"})
    def night(context):
        for step in steps:
            _run(step, context.resources.tonight)

    deployment = Deployment(settings=settings, workspace=workspace, inbox=tmp_path / "inbox")

    @dg.job(resource_defs={"tonight": tonight_resource(deployment)})
    def job():
        night()

    return job.execute_in_process(tags={"dagster/partition": NIGHT}, raise_on_error=False)


def spans_of(received):
    assert {path for path, _ in received} == {"/v1/traces"}
    resources = [resource for _, request in received for resource in request.resource_spans]
    for resource in resources:
        names = {one.key: one.value.string_value for one in resource.resource.attributes}
        assert names["service.name"] == "slumber"
    return {span.name: span for one in resources for scope in one.scope_spans for span in scope.spans}


def attributes(span):
    return {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in span.attributes}


def test_a_night_and_its_steps_are_spans(settings, workspace, tmp_path, collector):
    pytest.importorskip("opentelemetry.exporter.otlp.proto.http")
    address, received = collector
    asked(address)
    result = sleep(settings, workspace, tmp_path, CountStep(), FailStep())
    assert not result.success
    spans = spans_of(received)
    assert spans.keys() == {"night", "count", "fail"}
    night, count, fail = spans["night"], spans["count"], spans["fail"]
    assert count.parent_span_id == fail.parent_span_id == night.span_id and not night.parent_span_id
    assert count.trace_id == fail.trace_id == night.trace_id
    assert attributes(night)["slumber.night"] == NIGHT
    found = attributes(count)
    assert (found["slumber.count.kept"], found["slumber.count.by_kind.document"]) == (3, 2)
    assert found["slumber.count.by_kind.known_without_the_document"] == 1 and not [key for key in found if " " in key]
    assert attributes(night)["slumber.verdict"] == found["slumber.count.verdict"] == "REJECT"
    examined = {key: value for key, value in found.items() if "probes" in key or "canaries" in key}
    assert examined == {
        "slumber.count.probes.candidate.closed.right": 4,
        "slumber.count.probes.candidate.closed.asked": 9,
        "slumber.count.canaries.champion.surfaced": 0,
        "slumber.count.canaries.champion.asked": 3,
    }
    assert [one.status.code for one in (night, count, fail)] == [2, 0, 2]
    assert "Krann" not in str(received), "no text, which may be what somebody wrote"

    from opentelemetry import trace
    from opentelemetry.sdk.trace import TracerProvider

    assert not isinstance(trace.get_tracer_provider(), TracerProvider), "the tracer is nobody's global one"


@pytest.mark.parametrize("away", ["refuses", "is mute"])
def test_a_collector_that_is_away_stops_no_night_and_is_told_once(settings, workspace, tmp_path, capfd, caplog, away):
    pytest.importorskip("opentelemetry.exporter.otlp.proto.http")
    os.environ["OTEL_BSP_SCHEDULE_DELAY"] = "50"
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        if away == "is mute":
            mute.listen()
        asked(f"http://127.0.0.1:{mute.getsockname()[1]}")
        began = time.monotonic()
        assert sleep(settings, workspace, tmp_path, CountStep(), CountStep()).success
        assert time.monotonic() - began < 10, "its own timeout, with tries again, is longer"
    told = [line for line in capfd.readouterr().err.splitlines() if "spans" in line]
    assert len(told) == 1, told
    assert not [record for record in caplog.records if record.name.startswith("opentelemetry")]


@pytest.mark.parametrize("name", ["OTEL_BSP_MAX_QUEUE_SIZE", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE"])
def test_a_setting_that_the_sdk_refuses_stops_no_night(settings, workspace, tmp_path, collector, monkeypatch, name):
    pytest.importorskip("opentelemetry.exporter.otlp.proto.http")
    monkeypatch.setenv(name, "0" if "QUEUE" in name else "9999")
    asked(collector[0])
    assert sleep(settings, workspace, tmp_path, CountStep()).success and not collector[1]


@pytest.mark.parametrize(("protocol", "package"), [("grpc", "proto-grpc"), ("http/protobuf", "proto-http")])
def test_an_exporter_that_is_missing_is_named(protocol, package, monkeypatch, capsys):
    for module in ("orchestration.span_export", "opentelemetry.exporter.otlp.proto.grpc.trace_exporter"):
        monkeypatch.setitem(sys.modules, module, None)
    os.environ["OTEL_EXPORTER_OTLP_PROTOCOL"] = protocol
    asked("http://127.0.0.1:4317")
    assert _sending() is None
    told = " ".join(capsys.readouterr().err.split())
    assert f"not installed: pip install opentelemetry-exporter-otlp-{package}." in told


def test_what_is_asked_is_where_it_goes():
    assert endpoint() is None
    asked("http://collector:4318/")
    assert endpoint() == "http://collector:4318/v1/traces"
    os.environ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] = "http://traces/here"
    hide_from_mlflow()
    assert endpoint() == "http://traces/here"
    os.environ["OTEL_TRACES_EXPORTER"] = "none"
    assert endpoint() is None


def test_mlflow_does_not_take_what_people_said_to_the_collector():
    """With that variable it would send its traces there and not to its store, from which nights read them."""
    from mlflow.tracing.utils.otlp import should_export_otlp_metrics, should_use_otlp_exporter

    os.environ[WANTED] = "http://collector:4318"
    assert should_use_otlp_exporter() and should_export_otlp_metrics(), "else there is nothing to hold any more"
    hide_from_mlflow()
    assert not should_use_otlp_exporter() and not should_export_otlp_metrics()


def test_nothing_is_imported_when_nothing_asks():
    program = (
        "import sys, orchestration.tracing as t; t.endpoint(); print([m for m in sys.modules if 'telemetry' in m])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=REPOSITORY)
    assert done.stdout.strip() == "[]", done.stdout + done.stderr
