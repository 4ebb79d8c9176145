/**
 * Measures the collector: what each step of a request costs, and events/s through `POST /v1/logs` over HTTP into an
 * embedded log. Run it as `node test/bench/collector.ts FILE.otlp.ndjson.gz`; without a file it makes its own records.
 */
import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { toolOptions } from '../../scripts/tool-options.ts'
import { rowOf, EVENT_SCHEMA_VERSION, type Event } from '../../schemas/event.ts'
import { encodeFrameLines } from '../../schemas/frame.ts'
import { readBody } from '../../services/collector/body.ts'
import type { Extractor } from '../../services/collector/indicators/index.ts'
import { normalise } from '../../services/collector/normalise.ts'
import { readProtobuf } from '../../services/collector/protobuf/decode.ts'
import { openCollector } from '../support/collector.ts'
import { normaliseContext } from '../support/normalise.ts'
import { encodeOtlp, type OtlpRequest } from '../support/otlp-protobuf.ts'

function ownLines(): string[] {
  const attributes = (values: Record<string, string>) =>
    Object.entries(values).map(([key, stringValue]) => ({ key, value: { stringValue } }))
  return Array.from({ length: 1_000 }, (_, run) => {
    const logRecords = Array.from({ length: 7 }, (_call, call) => ({
      timeUnixNano: `${1_772_366_400_000 + run * 60_000 + call}000000`,
      eventName: 'gen_ai.tool.call',
      attributes: attributes({
        'gen_ai.conversation.id': `session-${run}`,
        'gen_ai.tool.name': ['read_file', 'send_email', 'search'][call % 3] ?? '',
        'gen_ai.tool.call.id': `call-${run}-${call}`,
        'gen_ai.tool.call.arguments': `{"path": "/inbox/${run}-${call}.txt", "url": "https://files${run % 50}.example.com/"}`,
        'gen_ai.tool.call.result': `Invoice ${run}: ${call * 10} EUR are due. `.repeat(20),
      }),
    }))
    const resource = { attributes: attributes({ 'gen_ai.agent.id': `agent-${run % 100}` }) }
    return JSON.stringify({ resourceLogs: [{ resource, scopeLogs: [{ logRecords }] }] })
  })
}

/** The answer and the processor time it took in ms: other load on the machine does not count. */
function timed<T>(work: () => T): [T, number] {
  const start = process.cpuUsage()
  const value = work()
  const { user, system } = process.cpuUsage(start)
  return [value, (user + system) / 1000]
}

/** Microseconds of processor time per event of each step, one after the other. Answers the number of events. */
function stages(lines: readonly string[]): number {
  let extractMs = 0
  const inner = normaliseContext().extractor
  const metered =
    <A, R>(work: (input: A) => R) =>
    (input: A): R => {
      const [value, ms] = timed(() => work(input))
      extractMs += ms
      return value
    }
  const extractor: Extractor = {
    userMessage: metered(inner.userMessage),
    toolCall: metered(inner.toolCall),
    toolResult: metered(inner.toolResult),
  }
  const context = normaliseContext({ extractor, receiptTime: Date.UTC(2100, 0, 1) })
  const bodies = lines.map((line) => Buffer.from(line))
  const [values, parseMs] = timed(() => bodies.map((body) => readBody(body, false)))
  const [events, normaliseMs] = timed(() =>
    values.flatMap((read): Event[] => {
      const result = read.ok ? normalise('otlp', read.values[0], context) : undefined
      return result?.ok === true ? result.events : []
    }),
  )
  const [rows, rowMs] = timed(() => events.map((event) => JSON.stringify(rowOf(event))))
  const [, frameMs] = timed(() => {
    for (let start = 0; start < rows.length; start += 200) {
      encodeFrameLines(rows.slice(start, start + 200), { schema: EVENT_SCHEMA_VERSION, receiptTime: 0 })
    }
  })
  const each = (ms: number): string => `${((ms * 1000) / events.length).toFixed(1)} us`
  console.log(
    `${events.length} events: outline and parse ${each(parseMs)}, extract ${each(extractMs)}, ` +
      `everything else of normalising ${each(normaliseMs - extractMs)}, row to JSON ${each(rowMs)}, frames of 200 ${each(frameMs)}`,
  )
  return events.length
}

/** What reading a body into its object costs, in both encodings. */
function decoding(lines: readonly string[], events: number): void {
  const json = lines.map((line) => Buffer.from(line))
  const protobuf = lines.map((line) => encodeOtlp(JSON.parse(line) as OtlpRequest))
  const measured = (name: string, bodies: readonly Buffer[], read: (body: Buffer) => { ok: boolean }): string => {
    const [bad, ms] = timed(() => bodies.filter((body) => !read(body).ok).length)
    if (bad > 0) throw new Error(`${bad} bodies in ${name} are refused`)
    const bytes = bodies.reduce((sum, body) => sum + body.length, 0)
    return `${name} ${((ms * 1000) / events).toFixed(1)} us (${Math.round(bytes / events)} bytes)`
  }
  const both = [measured('JSON', json, (body) => readBody(body, false)), measured('protobuf', protobuf, readProtobuf)]
  console.log(`decoding an event: ${both.join(', ')}`)
}

async function throughDoor(lines: readonly string[], senders: number): Promise<void> {
  const room = await openCollector(64)
  try {
    let next = 0
    const start = performance.now()
    await Promise.all(
      Array.from({ length: senders }, async () => {
        for (let line = lines[next++]; line !== undefined; line = lines[next++]) {
          const answer = await room.post('/v1/logs', line)
          if (answer.status !== 200) throw new Error(`answered ${answer.status}`)
          await answer.arrayBuffer()
        }
      }),
    )
    const seconds = (performance.now() - start) / 1000
    const frames = await room.frames()
    const events = frames.reduce((sum, frame) => sum + frame.events.length, 0)
    console.log(
      `${senders} senders: ${Math.round(events / seconds)} events/s, ${Math.round(lines.length / seconds)} requests/s, ` +
        `${(events / frames.length).toFixed(1)} events a frame`,
    )
  } finally {
    await room.close()
  }
}

const { positionals } = toolOptions(import.meta.url, { allowPositionals: true })
const [file] = positionals
const lines = file === undefined ? ownLines() : gunzipSync(readFileSync(file)).toString().trim().split('\n')
stages(lines)
const events = stages(lines)
for (let run = 0; run < 3; run++) decoding(lines, events)
for (const senders of [1, 8, 32]) await throughDoor(lines, senders)
