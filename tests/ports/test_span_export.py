"""Spans on their way to a collector: a real one over HTTP, one that is away, and the end of a process."""

import io
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from bff.adapters.observation import configure_logs
from bff.adapters.span_export import CLOSE_SECONDS, Delivery, otlp_exporter
from bff.adapters.traces import Traces


class Collector:
    """Takes OTLP over HTTP and keeps it."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, str | None, ExportTraceServiceRequest]] = []
        self.status = 200
        self.silent = threading.Event()
        self.silent.set()
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                collector.silent.wait(30)
                read = ExportTraceServiceRequest.FromString(body)
                collector.heard.append((self.path, self.headers["authorization"], read))
                self.send_response(collector.status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_arguments: object) -> None:
                """Not on the terminal."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1/traces"

    def stop(self) -> None:
        """Nobody listens any more."""
        self.silent.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def collector() -> Iterator[Collector]:
    """One that is well."""
    made = Collector()
    yield made
    made.stop()


def traces_to(url: str, out: io.StringIO | None = None) -> Traces:
    """A process's, delivered there."""
    log = configure_logs("info", "json", out or io.StringIO())
    delivery = Delivery(otlp_exporter(url, "Api-Key k"), log)
    return Traces(delivery, {"service.name": "shop"}, 1.0, time.time)


def test_a_collector_gets_what_was_done_and_by_whom(collector: Collector) -> None:
    """OTLP, with the field that says who sends it; the last spans at the end of the process."""
    traces = traces_to(collector.url)
    with traces.spans.within("outer", {"bff.x": "y"}):
        traces.spans.calling("inner", {}).end()
    traces.close()
    ((path, authorization, heard),) = collector.heard
    assert (path, authorization) == ("/v1/traces", "Api-Key k")
    (resource,) = heard.resource_spans
    said = {each.key: each.value.string_value for each in resource.resource.attributes}
    assert said["service.name"] == "shop"
    spans = {span.name: span for scope in resource.scope_spans for span in scope.spans}
    assert spans["inner"].parent_span_id == spans["outer"].span_id
    assert [(each.key, each.value.string_value) for each in spans["outer"].attributes] == [
        ("bff.x", "y")
    ]
    assert traces.delivery.exported == 2


@pytest.mark.parametrize("status", [400, 404, 500])
def test_a_collector_that_refuses_is_told_once(
    collector: Collector, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    """In our log, by our name; the library says nothing beside it."""
    collector.status, out = status, io.StringIO()
    traces = traces_to(collector.url, out)
    for _ in range(3):
        traces.spans.calling("x", {}).end()
        traces.flush()
    traces.close()
    events = [json.loads(line)["event"] for line in out.getvalue().splitlines()]
    assert events == ["traces_not_delivered"]
    assert caplog.records == []
    assert (traces.delivery.exported, traces.delivery.failed) == (0, 3)


def test_a_silent_collector_does_not_hold_up_the_end(collector: Collector) -> None:
    """What is not delivered in time is lost."""
    collector.silent.clear()
    traces = traces_to(collector.url)
    traces.spans.calling("x", {}).end()
    began = time.monotonic()
    traces.close()
    assert time.monotonic() - began < CLOSE_SECONDS + 1


def test_nobody_listens(collector: Collector, caplog: pytest.LogCaptureFixture) -> None:
    """A span costs its request the same; the process ends in time."""
    collector.stop()
    out = io.StringIO()
    traces = traces_to(collector.url, out)
    began = time.monotonic()
    for _ in range(100):
        traces.spans.calling("x", {}).end()
    assert time.monotonic() - began < 1
    traces.close()
    assert time.monotonic() - began < CLOSE_SECONDS + 2
    said: list[Any] = out.getvalue().splitlines()
    assert len(said) <= 1
    assert caplog.records == []
