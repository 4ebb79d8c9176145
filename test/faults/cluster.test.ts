/** The scenario of cluster.ts on a small load; `npm run faults:cluster` runs it on any file. */
import { expect, it } from 'vitest'
import { findKafka } from '../../infra/local/kafka-jars.ts'
import { runCluster } from './cluster.ts'
import { makeLoad } from './stage/load.ts'

const MINUTES_8 = 480_000
const SEED = 2

it('three brokers and nine workers, each harmed: what is found is what an undisturbed run finds', {
  timeout: MINUTES_8,
}, async (context) => {
  if (process.env['MOLTWATCH_REQUIRE_KAFKA'] !== '1') context.skip('takes minutes: MOLTWATCH_REQUIRE_KAFKA=1 runs it')
  const found = await findKafka()
  if (!found.ok) throw new Error(found.reason)
  const load = await makeLoad(SEED)
  const outcome = await runCluster({ load, seed: SEED, lanes: 1, everyMs: 100 })
  expect(outcome).toMatchObject({ events: load.events, distinct: load.findings.length, brokersKilled: 3 })
  expect(outcome.harms.kill + outcome.harms.stop + outcome.harms.freeze).toBeGreaterThan(2)
  console.log(JSON.stringify(outcome))
})
