/**
 * A small run of the wiring (`npm run -s wiring` is the whole of it): clients that are there deliver 200 records each, side by side,
 * to a service that is killed twice and whose disk is full once, and to the topic `raw`; receivers that are there hear a matter from
 * its beginning to its end.
 */
import { beforeAll, describe, expect, it } from 'vitest'
import { CLIENTS } from '../wiring/clients/index.ts'
import { deliverAll, type Delivered } from '../wiring/delivering.ts'
import { deliverRaw } from '../wiring/raw.ts'
import { RAW_PRODUCERS } from '../wiring/raw-producers.ts'
import { receive, RECEIVERS } from '../wiring/receivers/index.ts'

const RECORDS = 200
const MINUTES_10 = 600_000
/** The SDK for Python is left to the command: python.test.ts installs its packages, beside this file, and two must not do so at once. */
const DELIVERING = CLIENTS.filter(({ name }) => !name.includes('Python'))
/** Kafka is asked by the conformance suite, with the same steps. */
const QUICK = RECEIVERS.filter(({ type }) => type !== 'kafka')

describe.for([
  {
    where: 'a service that is killed twice and whose disk is full once',
    clients: DELIVERING,
    run: () => deliverAll(DELIVERING, RECORDS),
  },
  { where: 'the topic raw', clients: RAW_PRODUCERS, run: () => deliverRaw(RAW_PRODUCERS, RECORDS) },
])('delivering to $where', { timeout: MINUTES_10 }, ({ clients, run }) => {
  let came: Delivered
  beforeAll(async () => {
    came = await run()
  }, MINUTES_10)

  it.for(clients.map(({ name }) => [name] as const))(
    '%s loses nothing that was acknowledged, and ids are those of replay',
    ([name], context) => {
      const left = came.left.find(({ client }) => client === name)
      if (left !== undefined) context.skip(left.reason)
      expect(came.failed).toEqual([])
      const row = came.rows.find(({ client }) => client === name)
      expect(row).toMatchObject({
        records: RECORDS,
        merged: 0,
        note: expect.stringMatching(/killed, .*killed/),
      })
      expect(row?.note).not.toContain('replay')
      // Whoever hears of nothing got a mark through behind its records; what of them was on its way is lost.
      if (row?.acknowledged !== true) return
      expect(row).toMatchObject({ lost: 0 })
      // A client may count as dropped what was stored and whose answer it never got.
      expect(row.stored + row.dropped).toBeGreaterThanOrEqual(RECORDS)
    },
  )
})

it.for(QUICK.map((receiver) => [receiver.name, receiver] as const))(
  '%s hears a matter from its beginning to its end',
  async ([, receiver], context) => {
    const row = await receive(receiver)
    if ('left' in row) context.skip(row.left)
    // Where nothing is acknowledged, what was sent had arrived before its connection was cut, but for what nobody read.
    else expect(row.lost).toBeLessThanOrEqual(receiver.unread ?? 0)
  },
)
