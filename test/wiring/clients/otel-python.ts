/** OpenTelemetry's own SDK for Python (`otel_sdk.py`), for logs and for spans, over HTTP with protobuf. */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as wait } from 'node:timers/promises'
import { promisify } from 'node:util'
import { findPython } from '../../support/python.ts'
import { batchesOf, batchSize } from '../records.ts'
import type { Client } from '../wiring.ts'

const run = promisify(execFile)
const PROGRAM = join(import.meta.dirname, 'otel_sdk.py')
/** The exporter tries again within this time, then it drops the batch. */
const EXPORT_S = 120
const VERSION = 'import importlib.metadata as m; print(m.version("opentelemetry-sdk"))'

const clientOf = (kind: 'logs' | 'spans'): Client => ({
  name: `OpenTelemetry SDK for Python, ${kind}`,
  input: kind === 'logs' ? 'OTLP logs, protobuf' : 'OTLP traces, protobuf',
  sends: kind,
  async presence() {
    const python = await findPython()
    if (!python.ok) return python
    const { stdout } = await run(join(python.bin, 'python'), ['-c', VERSION])
    return { ok: true, version: stdout.trim() }
  },
  async deliver({ otlpUrl, token }, records, handed) {
    const python = await findPython()
    if (!python.ok) throw new Error(python.reason)
    const batch = batchSize(records)
    const url = `${otlpUrl}/v1/${kind === 'logs' ? 'logs' : 'traces'}`
    const args = [PROGRAM, kind, url, token, String(batch), String(EXPORT_S)]
    const child = spawn(join(python.bin, 'python'), args, { stdio: ['pipe', 'pipe', 'ignore'] })
    const gone = once(child, 'exit')
    const said = text(child.stdout)
    // Whoever waits for its end hears that it is gone.
    child.stdin.on('error', () => undefined)
    let sent = 0
    for (const some of batchesOf(records, batch)) {
      child.stdin.write(some.map((record) => `${JSON.stringify(record)}\n`).join(''))
      sent += some.length
      await wait(200)
      await handed(sent)
    }
    child.stdin.end()
    const [code] = (await gone) as [number | null]
    if (code !== 0) throw new Error(`the program with the SDK ended with ${code}`)
    return JSON.parse(await said) as { dropped: number }
  },
})

export const pythonLogs = clientOf('logs')
export const pythonSpans = clientOf('spans')
