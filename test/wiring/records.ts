/** The records that clients deliver: calls of a tool, as OpenTelemetry writes them, and the ids that `replay` gives them. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { EVENT_COLUMNS } from '../../schemas/event.ts'
import { H } from '../../schemas/ids.ts'
import { importFiles } from '../../services/commands/import/import.ts'
import type { Sends } from './wiring.ts'

/** What every record does, and what the mark behind the last one does. */
export const RECORD_ACTION = 'read_file'
export const MARK_ACTION = 'wiring.end'

export interface LogRecord {
  readonly timeMs: number
  readonly eventName: string
  /** Where it is told as a span. */
  readonly spanName: string
  readonly traceId: string
  readonly spanId: string
  readonly attributes: Readonly<Record<string, string>>
}

/** As many calls of one agent, a millisecond apart, the last one a minute ago. */
export function recordsOf(agent: string, count: number): LogRecord[] {
  const start = Date.now() - 60_000 - count
  return Array.from({ length: count }, (_, i) => ({
    timeMs: start + i,
    eventName: 'gen_ai.tool.call',
    spanName: `execute_tool ${RECORD_ACTION}`,
    traceId: H('trace', agent, i),
    spanId: H('span', agent, i).slice(0, 16),
    attributes: {
      'gen_ai.operation.name': 'execute_tool',
      'gen_ai.agent.id': agent,
      'gen_ai.conversation.id': 'conversation-1',
      'gen_ai.tool.name': RECORD_ACTION,
      'gen_ai.tool.call.id': `call-${i}`,
    },
  }))
}

/** One request of OTLP in JSON. */
export function otlpJson(records: readonly LogRecord[]): string {
  const logRecords = records.map(({ timeMs, eventName, attributes }) => ({
    timeUnixNano: `${timeMs}000000`,
    eventName,
    attributes: Object.entries(attributes).map(([key, stringValue]) => ({ key, value: { stringValue } })),
  }))
  return JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords }] }] })
}

/** One request of OTLP traces in JSON. */
function otlpSpans(records: readonly LogRecord[]): string {
  const spans = records.map(({ timeMs, spanName, traceId, spanId, attributes }) => ({
    traceId,
    spanId,
    name: spanName,
    kind: 1,
    startTimeUnixNano: `${timeMs}000000`,
    endTimeUnixNano: `${timeMs + 1}000000`,
    attributes: Object.entries(attributes).map(([key, stringValue]) => ({ key, value: { stringValue } })),
  }))
  return JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans }] }] })
}

/** A canonical event, as one line. */
export const lineOf = ({ timeMs, attributes }: LogRecord): string =>
  JSON.stringify({
    id: attributes['gen_ai.tool.call.id'],
    identity: attributes['gen_ai.agent.id'],
    session: attributes['gen_ai.conversation.id'],
    action: attributes['gen_ai.tool.name'],
    kind: 'tool',
    time: new Date(timeMs).toISOString(),
  })

/** The mark behind the records of an agent, as a canonical event. */
export const markLine = (agent: string, number: number): string =>
  JSON.stringify({ id: `mark-${number}`, identity: agent, action: MARK_ACTION, time: new Date().toISOString() })

/** One request that holds the records. */
export function bodyOf(records: readonly LogRecord[], sends: Sends): string {
  if (sends === 'lines') return records.map(lineOf).join('\n')
  return sends === 'spans' ? otlpSpans(records) : otlpJson(records)
}

/** How many records a client takes at once: few, so that it is interrupted, and more where there are many. */
export const batchSize = ({ length }: readonly LogRecord[]): number => (length > 10_000 ? 1_000 : 20)

/** Runs of records, as a client sends them in one request. */
export const batchesOf = (records: readonly LogRecord[], size: number): LogRecord[][] =>
  Array.from({ length: Math.ceil(records.length / size) }, (_, i) => records.slice(i * size, (i + 1) * size))

const BATCH = 1_000
const EVENT_ID = EVENT_COLUMNS.findIndex(({ name }) => name === 'event_id')

/** The ids of the same records where they are read from a file, as `replay` reads it. */
export async function replayedIds(records: readonly LogRecord[], sends: Sends): Promise<Set<string>> {
  const directory = await mkdtemp(join(tmpdir(), 'moltwatch-wiring-'))
  try {
    const file = join(directory, 'records.ndjson')
    await writeFile(
      file,
      `${batchesOf(records, BATCH)
        .map((batch) => bodyOf(batch, sends))
        .join('\n')}\n`,
    )
    const { spool, rejected } = await importFiles([file], sends === 'lines' ? 'events' : 'otlp')
    if (rejected > 0) throw new Error(`${rejected} of the records are none`)
    return new Set([...spool.rows()].flatMap((rows) => rows.map((row) => String(row[EVENT_ID]))))
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}
