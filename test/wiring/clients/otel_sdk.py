"""
OpenTelemetry's SDK for Python with its batch processor and its exporter over HTTP: takes records from standard input, one JSON
object a line, and gives them to the SDK as log records or as spans. At the end of the input it waits until the batch processor has
sent its queue, as an agent that lives on does, and prints how many records were never reported as delivered.

    python otel_sdk.py logs|spans URL TOKEN BATCH TIMEOUT_S
"""

import json
import sys
import time

from opentelemetry._logs import LogRecord
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor, LogRecordExportResult
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExportResult
from opentelemetry.sdk.trace.id_generator import IdGenerator

QUEUE_MAX = 200_000
MS = 1_000_000

delivered = 0
settled = 0


def counting(exporter, failure):
    """The exporter, which counts what it reported as delivered, and what it reported at all."""
    export = exporter.export

    def counted(batch):
        global delivered, settled
        result = export(batch)
        if result != failure:
            delivered += len(batch)
        settled += len(batch)
        return result

    exporter.export = counted
    return exporter


class GivenIds(IdGenerator):
    """The ids that the record brings, so that others know the ids of its events."""

    record = {}

    def generate_trace_id(self):
        return int(self.record["traceId"], 16)

    def generate_span_id(self):
        return int(self.record["spanId"], 16)


def settings(timeout_s):
    return {
        "schedule_delay_millis": 100,
        "max_export_batch_size": int(sys.argv[4]),
        "max_queue_size": QUEUE_MAX,
        "export_timeout_millis": timeout_s * 1000,
    }


def logs(where, timeout_s):
    exporter = counting(OTLPLogExporter(endpoint=where["url"], headers=where["headers"], timeout=timeout_s), LogRecordExportResult.FAILURE)
    provider = LoggerProvider()
    provider.add_log_record_processor(BatchLogRecordProcessor(exporter, **settings(timeout_s)))
    logger = provider.get_logger("wiring")

    def give(record):
        logger.emit(LogRecord(timestamp=record["timeMs"] * MS, event_name=record["eventName"], attributes=record["attributes"]))

    return provider, give


def spans(where, timeout_s):
    exporter = counting(OTLPSpanExporter(endpoint=where["url"], headers=where["headers"], timeout=timeout_s), SpanExportResult.FAILURE)
    ids = GivenIds()
    provider = TracerProvider(id_generator=ids)
    provider.add_span_processor(BatchSpanProcessor(exporter, **settings(timeout_s)))
    tracer = provider.get_tracer("wiring")

    def give(record):
        ids.record = record
        at = record["timeMs"] * MS
        tracer.start_span(record["spanName"], start_time=at, attributes=record["attributes"]).end(end_time=at + MS)

    return provider, give


def await_settled(given, timeout_s):
    """Resolves when each record has a result, or when none has come for twice the time that the exporter takes for a batch."""
    last, since = settled, time.monotonic()
    while settled < given and time.monotonic() - since < 2 * timeout_s:
        time.sleep(0.1)
        if settled != last:
            last, since = settled, time.monotonic()


def main():
    kind, url, token, _, timeout = sys.argv[1:]
    timeout_s = int(timeout)
    where = {"url": url, "headers": {"authorization": f"Bearer {token}"}}
    provider, give = (logs if kind == "logs" else spans)(where, timeout_s)
    given = 0
    for line in sys.stdin:
        give(json.loads(line))
        given += 1
    await_settled(given, timeout_s)
    provider.force_flush(timeout_s * 1000)
    provider.shutdown()
    print(json.dumps({"dropped": given - delivered}))


main()
