/** The clients that deliver to a running service. */
import { curl } from './curl.ts'
import { followedFile } from './file.ts'
import { collectorLogs, collectorSpans } from './otel-collector.ts'
import { otelJson, otelProtobuf } from './otel-js.ts'
import { pythonLogs, pythonSpans } from './otel-python.ts'
import { rsyslogTls, syslogNgHttp, syslogNgTcp, syslogNgTls } from './syslog.ts'
import type { Client } from '../wiring.ts'

export const CLIENTS: readonly Client[] = [
  curl,
  otelJson,
  otelProtobuf,
  pythonLogs,
  pythonSpans,
  collectorLogs,
  collectorSpans,
  rsyslogTls,
  syslogNgTcp,
  syslogNgTls,
  syslogNgHttp,
  followedFile,
]
