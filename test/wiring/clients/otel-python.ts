/** OpenTelemetry's own SDK for Python (`otel_sdk.py`), for logs, over HTTP with protobuf. */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as wait } from 'node:timers/promises'
import { promisify } from 'node:util'
import { findPython } from '../../support/python.ts'
import { batchesOf } from '../records.ts'
import type { Client } from '../wiring.ts'

const run = promisify(execFile)
const PROGRAM = join(import.meta.dirname, 'otel_sdk.py')
const BATCH = 50
/** The exporter tries again within this time, then it drops the batch. */
const EXPORT_S = 120
const VERSION = 'import importlib.metadata as m; print(m.version("opentelemetry-sdk"))'

export const pythonLogs: Client = {
  name: 'OpenTelemetry SDK for Python',
  input: 'OTLP logs, protobuf',
  async presence() {
    const python = await findPython()
    if (!python.ok) return python
    const { stdout } = await run(join(python.bin, 'python'), ['-c', VERSION])
    return { ok: true, version: stdout.trim() }
  },
  async deliver({ otlpUrl, token }, records, handed) {
    const python = await findPython()
    if (!python.ok) throw new Error(python.reason)
    const args = [PROGRAM, `${otlpUrl}/v1/logs`, token, String(BATCH), String(EXPORT_S)]
    const child = spawn(join(python.bin, 'python'), args, { stdio: ['pipe', 'pipe', 'ignore'] })
    const gone = once(child, 'exit')
    const said = text(child.stdout)
    // Whoever waits for its end hears that it is gone.
    child.stdin.on('error', () => undefined)
    let sent = 0
    for (const batch of batchesOf(records, BATCH)) {
      child.stdin.write(batch.map((record) => `${JSON.stringify(record)}\n`).join(''))
      sent += batch.length
      await wait(200)
      await handed(sent)
    }
    child.stdin.end()
    const [code] = (await gone) as [number | null]
    if (code !== 0) throw new Error(`the program with the SDK ended with ${code}`)
    return JSON.parse(await said) as { dropped: number }
  },
}
