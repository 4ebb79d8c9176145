/** Every fault of the catalogue as a test, with one seed; `npm run faults` plays as many rounds as you like, on both engines. */
import { describe, it } from 'vitest'
import { findKafka } from '../../infra/local/kafka-jars.ts'
import { FAULTS } from './catalogue/index.ts'
import { isTested } from './stage/fault.ts'
import { playRound } from './stage/round.ts'
import type { EngineName } from './stage/system.ts'

const MINUTES_5 = 300_000
const SEED = 1
/** A fault that does not hold waits for minutes; after so many the reason is known, and the rest of the run is not to wait, too. */
const FAILED_MAX = 3

/** Why the faults of an engine are left out; undefined where they are played. Throws where Kafka is required and is not there. */
async function leftOut(engine: EngineName): Promise<string | undefined> {
  if (engine === 'embedded') return undefined
  if (process.env['MOLTWATCH_REQUIRE_KAFKA'] !== '1') return 'takes minutes: MOLTWATCH_REQUIRE_KAFKA=1 plays it'
  const found = await findKafka()
  if (!found.ok) throw new Error(found.reason)
  return undefined
}

export async function defineFaults(engine: EngineName): Promise<void> {
  const reason = await leftOut(engine)
  let failed = 0
  describe(`faults on the ${engine} engine`, () => {
    for (const fault of FAULTS.filter((one) => isTested(one, engine))) {
      it(`${fault.number}: ${fault.title}`, { timeout: MINUTES_5 }, async (context) => {
        if (reason !== undefined) context.skip(reason)
        if (failed >= FAILED_MAX) context.skip(`${failed} faults before it did not hold`)
        context.onTestFailed(() => {
          failed++
        })
        console.log(await playRound(fault, engine, { seed: SEED }))
      })
    }
  })
}
