/**
 * Real clients deliver to a service that is killed twice meanwhile, and real receivers hear from its sinks while they refuse and
 * stall. Prints one line for each; ends with 1 where something acknowledged is lost, or has another id than `replay` gives.
 *
 *   npm run -s wiring [-- --records 100000] [--only NAME]
 *
 * What is not there is named and left out.
 */
import { parseArgs } from 'node:util'
import { curl } from './clients/curl.ts'
import { otelJson, otelProtobuf } from './clients/otel-js.ts'
import { pythonLogs } from './clients/otel-python.ts'
import { deliver } from './delivering.ts'
import { receive, RECEIVERS } from './receivers/index.ts'
import type { Row } from './wiring.ts'

const CLIENTS = [curl, otelJson, otelProtobuf, pythonLogs]

const { values } = parseArgs({ options: { records: { type: 'string', default: '200' }, only: { type: 'string' } } })
const count = Number(values.records)
const isWanted = (name: string): boolean => name.toLowerCase().includes((values.only ?? '').toLowerCase())

const rows: Row[] = []
const left: string[] = []
function take(name: string, came: Row | { readonly left: string }): void {
  if ('left' in came) left.push(`${name}: ${came.left}`)
  else {
    rows.push(came)
    const { what, client, version, records, stored, lost, dropped, merged, note } = came
    const numbers = `${records} records, ${stored} stored, ${lost} lost, ${dropped} dropped by the client, ${merged} merged`
    console.log(`${what} | ${client} ${version} | ${numbers} | ${note}`)
  }
}

for (const client of CLIENTS) if (isWanted(client.name)) take(client.name, await deliver(client, count))
for (const receiver of RECEIVERS) if (isWanted(receiver.name)) take(receiver.name, await receive(receiver))
for (const line of left) console.log(`left out | ${line}`)
process.exitCode = rows.length === 0 || rows.some(({ lost, acknowledged }) => acknowledged && lost > 0) ? 1 : 0
