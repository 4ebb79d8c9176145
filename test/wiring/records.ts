/** The records that clients deliver: calls of a tool, as OpenTelemetry writes them, and the ids that `replay` gives them. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { EVENT_COLUMNS } from '../../schemas/event.ts'
import { importFiles } from '../../services/commands/import/import.ts'

export interface LogRecord {
  readonly timeMs: number
  readonly eventName: string
  readonly attributes: Readonly<Record<string, string>>
}

/** As many calls of one agent, a millisecond apart, the last one a minute ago. */
export function recordsOf(agent: string, count: number): LogRecord[] {
  const start = Date.now() - 60_000 - count
  return Array.from({ length: count }, (_, i) => ({
    timeMs: start + i,
    eventName: 'gen_ai.tool.call',
    attributes: {
      'gen_ai.operation.name': 'execute_tool',
      'gen_ai.agent.id': agent,
      'gen_ai.conversation.id': 'conversation-1',
      'gen_ai.tool.name': 'read_file',
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

/** Runs of records, as a client sends them in one request. */
export const batchesOf = (records: readonly LogRecord[], size: number): LogRecord[][] =>
  Array.from({ length: Math.ceil(records.length / size) }, (_, i) => records.slice(i * size, (i + 1) * size))

const BATCH = 1_000
const EVENT_ID = EVENT_COLUMNS.findIndex(({ name }) => name === 'event_id')

/** The ids of the same records where they are read from a file, as `replay` reads it. */
export async function replayedIds(records: readonly LogRecord[]): Promise<Set<string>> {
  const directory = await mkdtemp(join(tmpdir(), 'moltwatch-wiring-'))
  try {
    const file = join(directory, 'records.otlp.ndjson')
    await writeFile(file, `${batchesOf(records, BATCH).map(otlpJson).join('\n')}\n`)
    const { spool, rejected } = await importFiles([file], 'otlp')
    if (rejected > 0) throw new Error(`${rejected} of the records are none`)
    return new Set([...spool.rows()].flatMap((rows) => rows.map((row) => String(row[EVENT_ID]))))
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}
