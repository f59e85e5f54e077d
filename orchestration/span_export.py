"""Sending spans over OTLP, and a collector that is away costs one sentence and a moment. Imported only if asked for."""

import logging
import os
import threading
from collections.abc import Sequence

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

from steps.progress import say

SHUTDOWN_SECONDS = 3.0  # for what is left at the end of a night


class Sending:
    """Sends the spans that ``provider`` makes to one address, in the background.

    Raises:
        ImportError: the exporter of that protocol is not installed.
    """

    def __init__(self, where: str, *, protocol: str):
        named = "OTEL_SERVICE_NAME" in os.environ or "service.name=" in os.environ.get("OTEL_RESOURCE_ATTRIBUTES", "")
        resource = Resource.create({} if named else {"service.name": "slumber"})
        # It tells every try and every batch, in the words of the libraries below it: told once is enough.
        logging.getLogger("opentelemetry.exporter").setLevel(logging.CRITICAL)
        self._exporter = _ToldOnce(_exporter(where, protocol), where)
        self.provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self.provider.add_span_processor(BatchSpanProcessor(self._exporter))

    def end(self) -> None:
        """Send what is left, and wait for no collector that does not answer."""
        ending = threading.Thread(target=self.provider.shutdown, daemon=True, name="last spans")
        ending.start()
        ending.join(timeout=SHUTDOWN_SECONDS)
        if ending.is_alive():
            self._exporter.tell()
            self._exporter.shutdown()


class _ToldOnce(SpanExporter):
    def __init__(self, exporter: SpanExporter, where: str):
        self._exporter, self._where, self._told, self._ended = exporter, where, False, False

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        result = self._exporter.export(spans)
        if result is not SpanExportResult.SUCCESS:
            self.tell()
        return result

    def tell(self) -> None:
        """Say that nobody takes the spans, once."""
        if not self._told:
            self._told = True
            say(
                f"  No spans could be sent to {self._where} (OTEL_EXPORTER_OTLP_...): start the collector there, or "
                "correct the address; the night goes on without."
            )

    def shutdown(self) -> None:
        if not self._ended:
            self._ended = True
            self._exporter.shutdown()


def _exporter(where: str, protocol: str) -> SpanExporter:
    if protocol == "grpc":
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as Grpc

        return Grpc(endpoint=where)
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as Http

    return Http(endpoint=where)
