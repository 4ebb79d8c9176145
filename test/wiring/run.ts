/**
 * Real clients deliver to a service that is killed twice meanwhile, and into the topic `raw` of a real Kafka; real receivers hear from
 * its sinks while they refuse and stall. Prints a table with a row for each; ends with 1 where something acknowledged is lost, or has
 * another id than `replay` gives.
 *
 *   npm run -s wiring [-- --records 100000] [--only NAME]...
 *
 * What is not there is named and left out.
 */
import { toolOptions } from '../../scripts/tool-options.ts'
import { CLIENTS } from './clients/index.ts'
import { deliverAll } from './delivering.ts'
import { deliverRaw } from './raw.ts'
import { RAW_PRODUCERS } from './raw-producers.ts'
import { receive, RECEIVERS } from './receivers/index.ts'
import type { Row } from './wiring.ts'

const { values } = toolOptions(import.meta.url, {
  options: { records: { type: 'string', default: '200' }, only: { type: 'string', multiple: true, default: [''] } },
})
const count = Number(values.records)
const isWanted = (name: string): boolean => values.only.some((part) => name.toLowerCase().includes(part.toLowerCase()))

const COLUMNS = ['input or sink', 'client or receiver', 'records', 'stored', 'lost', 'dropped by it', 'merged', 'note']
console.log(`| ${COLUMNS.join(' | ')} |\n|${'---|'.repeat(COLUMNS.length)}`)

const rows: Row[] = []
const left: string[] = []
function take(name: string, came: Row | { readonly left: string }): void {
  if ('left' in came) left.push(`${name}: ${came.left}`)
  else {
    rows.push(came)
    const { what, client, version, records, stored, lost, dropped, merged, note } = came
    const cells = [what, `${client} ${version}`, records, stored, lost, dropped, merged, note]
    console.log(`| ${cells.join(' | ')} |`)
  }
}

const wanted = CLIENTS.filter(({ name }) => isWanted(name))
const producers = RAW_PRODUCERS.filter(({ name }) => isWanted(name))
let failures = 0
const tell = (row: Row): void => take(row.client, row)
for (const deliver of [() => deliverAll(wanted, count, tell), () => deliverRaw(producers, count, tell)]) {
  const { left: away, failed } = await deliver()
  for (const line of failed) console.log(`failed | ${line}`)
  failures += failed.length
  for (const { client, reason } of away) take(client, { left: reason })
}
for (const receiver of RECEIVERS) if (isWanted(receiver.name)) take(receiver.name, await receive(receiver))
for (const line of left) console.log(`left out | ${line}`)
process.exitCode =
  failures > 0 || rows.length === 0 || rows.some(({ lost, acknowledged }) => acknowledged && lost > 0) ? 1 : 0
