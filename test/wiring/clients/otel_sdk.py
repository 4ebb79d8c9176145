"""
OpenTelemetry's SDK for Python with its batch processor and its exporter over HTTP: takes records from standard input, one JSON
object a line, and gives them to the SDK as log records. At the end of the input it flushes, and prints how many the exporter said
it could not deliver.

    python otel_sdk.py URL TOKEN BATCH TIMEOUT_S
"""

import json
import sys

from opentelemetry._logs import LogRecord
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor, LogRecordExportResult

QUEUE_MAX = 200_000
MS = 1_000_000


class Counting(OTLPLogExporter):
    """The exporter, which counts what it could not deliver."""

    dropped = 0

    def export(self, batch):
        result = super().export(batch)
        if result == LogRecordExportResult.FAILURE:
            self.dropped += len(batch)
        return result


def main():
    url, token, batch, timeout = sys.argv[1:]
    timeout_s = int(timeout)
    exporter = Counting(endpoint=url, headers={"authorization": f"Bearer {token}"}, timeout=timeout_s)
    provider = LoggerProvider()
    processor = BatchLogRecordProcessor(
        exporter,
        schedule_delay_millis=100,
        max_export_batch_size=int(batch),
        max_queue_size=QUEUE_MAX,
        export_timeout_millis=timeout_s * 1000,
    )
    provider.add_log_record_processor(processor)
    logger = provider.get_logger("wiring")
    for line in sys.stdin:
        record = json.loads(line)
        logger.emit(LogRecord(timestamp=record["timeMs"] * MS, event_name=record["eventName"], attributes=record["attributes"]))
    provider.force_flush(timeout_s * 1000)
    provider.shutdown()
    print(json.dumps({"dropped": exporter.dropped}))


main()
