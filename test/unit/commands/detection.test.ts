/** Stage one divided among threads finds what one thread finds, to the last byte. */
import { describe, expect, it } from 'vitest'
import { DETECTORS } from '../../../detectors/registry.ts'
import { detect } from '../../../services/commands/detection/index.ts'
import { importMade } from '../../../services/commands/import/import.ts'
import { wandering } from '../../support/runtime-room.ts'

const ORDINARY = wandering(6_000, 7).map(({ source_id, time, identity, owner, action, target, source_network }, n) => ({
  id: source_id,
  time,
  // A name for the weeks in which nothing is new, and others that come and go.
  identity: n % 3 === 0 ? `${identity} of week ${Math.floor(n / 1_000)}` : identity,
  owner,
  action: n % 50 === 0 ? 'http_post' : action,
  target: n % 50 === 0 ? 'https://www.moltbook.com/api/v1/posts' : target,
  source_address: source_network.replace('.0/24', '.9'),
}))
/** One owner has three hundred agents within forty minutes. */
const CROWD = Array.from({ length: 300 }, (_, n) => ({
  id: `crowd ${n}`,
  time: (ORDINARY.at(-1)?.time ?? 0) + n * 8_000,
  identity: `bot-${n}`,
  owner: 'farm',
  kind: 'tool',
  principal_kind: 'agent',
  action: 'account.register',
}))
const EVENTS = [...ORDINARY, ...CROWD]

describe('detection', () => {
  it('finds the same in one thread, in two and in eight', async () => {
    const spool = importMade(EVENTS)
    const options = { detectors: DETECTORS, codeVersion: 'test' }
    const progress: number[] = []
    const alone = await detect(spool, options, (events) => progress.push(events), 1)
    expect(progress.at(-1)).toBe(EVENTS.length)
    const hasSecond = (id: string): boolean => DETECTORS.find((one) => one.id === id)?.second !== undefined
    const byStage = Map.groupBy(alone.findings, ({ detector }) => hasSecond(detector))
    expect([byStage.get(true)?.length, byStage.get(false)?.length]).toEqual([expect.any(Number), expect.any(Number)])
    for (const threads of [2, 8]) {
      const divided: number[] = []
      const { findings, counts, stats } = await detect(spool, options, (events) => divided.push(events), threads)
      expect(findings.map((finding) => JSON.stringify(finding))).toEqual(
        alone.findings.map((finding) => JSON.stringify(finding)),
      )
      expect(counts).toEqual(alone.counts)
      expect(stats).toEqual(alone.stats)
      expect(divided).toEqual(progress)
    }
  })

  it('keeps detectors that are not registered in its own thread', async () => {
    const [first] = DETECTORS
    if (first === undefined) throw new Error('there is no detector')
    const told: string[] = []
    const matches: typeof first.matches = (event) => {
      told.push(event.event_id)
      return false
    }
    await detect(
      importMade(EVENTS.slice(0, 10)),
      { detectors: [{ ...first, matches }], codeVersion: 'test' },
      () => {},
      4,
    )
    expect(told).toHaveLength(10)
  })
})
