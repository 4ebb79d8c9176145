/** Records of one format at the door of another are refused with the address where they belong: every format at every door. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { FORMATS } from '../../services/collector/formats/registry.ts'
import { samplesOf } from '../conformance/formats/samples.ts'
import { type CollectorRoom, openCollector } from '../support/collector.ts'

let collector: CollectorRoom
beforeAll(async () => {
  collector = await openCollector()
})
afterAll(() => collector.close())

const DOORS = [...new Set(FORMATS.map(({ address }) => address)), '/v1/traces']

describe.each(FORMATS.map(({ id, address }) => [id, address] as const))('%s', (id, address) => {
  it.each(DOORS.filter((door) => door !== address && !(id === 'otlp' && door === '/v1/traces')))(
    'at %s is told its own door',
    async (door) => {
      const { own } = await samplesOf(id)
      for (const sample of own) {
        const answer = await collector.post(door, JSON.stringify(sample))
        expect([answer.status, await answer.text()]).toEqual([400, expect.stringContaining(address)])
      }
    },
  )
})
