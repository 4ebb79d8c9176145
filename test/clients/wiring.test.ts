/**
 * A small run of the wiring (`npm run -s wiring` is the whole of it): clients that are there deliver 200 records each to a service
 * that is killed twice, and receivers that are there hear a matter from its beginning to its end.
 */
import { expect, it } from 'vitest'
import { curl } from '../wiring/clients/curl.ts'
import { otelProtobuf } from '../wiring/clients/otel-js.ts'
import { deliver } from '../wiring/delivering.ts'
import { receive, RECEIVERS } from '../wiring/receivers/index.ts'

const RECORDS = 200
/** Kafka is asked by the conformance suite, with the same steps. */
const QUICK = RECEIVERS.filter(({ type }) => type !== 'kafka')

it.each([curl, otelProtobuf].map((client) => [client.name, client] as const))(
  '%s loses nothing that was acknowledged, and ids are those of replay',
  async (_name, client) => {
    const row = await deliver(client, RECORDS)
    if ('left' in row) throw new Error(row.left)
    expect(row).toMatchObject({ records: RECORDS, lost: 0, merged: 0, note: 'killed 2 times' })
    // A client may count as dropped what was stored and whose answer it never got.
    expect(row.stored + row.dropped).toBeGreaterThanOrEqual(RECORDS)
  },
)

it.for(QUICK.map((receiver) => [receiver.name, receiver] as const))(
  '%s hears a matter from its beginning to its end',
  async ([, receiver], context) => {
    const row = await receive(receiver)
    if ('left' in row) context.skip(row.left)
    else if (row.acknowledged) expect(row).toMatchObject({ stored: row.records, lost: 0 })
    else expect(row.stored).toBeGreaterThan(0)
  },
)
