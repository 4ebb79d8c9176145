/** What waits for a verdict: bounded, taken once, and carried through a snapshot. */
import { describe, expect, it } from 'vitest'
import { LIMITS } from '../../../schemas/limits.ts'
import { Doubts, type Taught } from '../../../services/detector/engine/doubts.ts'

const side = (...novelty: number[]): Taught => ({ name: 'habits/test@1', open: { novel: () => novelty } })
const note = (doubts: Doubts, identity: string, ...novelty: number[]): void =>
  doubts.note('acme', identity, ['a/b'], [side(...novelty)])
const novelties = (doubts: Doubts, identity: string): readonly (readonly number[])[] =>
  doubts.take('acme', identity, 'a/b').map((one) => one.novelty)

describe('doubts', () => {
  it('hold what was new, each once, until a verdict on that detector takes it', () => {
    const doubts = new Doubts()
    note(doubts, 'bot', 7)
    note(doubts, 'bot', 7)
    note(doubts, 'bot', 8)
    note(doubts, 'bot', 0)
    expect(doubts.take('acme', 'bot', 'c/d')).toEqual([])
    expect(doubts.take('globex', 'bot', 'a/b')).toEqual([])
    expect(novelties(doubts, 'bot')).toEqual([[7], [8]])
    expect(novelties(doubts, 'bot')).toEqual([])
  })

  it('are forgotten with their identity', () => {
    const doubts = new Doubts()
    note(doubts, 'bot', 7)
    doubts.forget('acme', 'bot')
    expect(doubts.dump()).toEqual([])
  })

  it('keep the newest of an identity, and the newest identities, and no name', () => {
    const doubts = new Doubts()
    for (let n = 1; n <= LIMITS.doubts_per_identity_max + 3; n++) note(doubts, 'bot', n)
    const kept = novelties(doubts, 'bot')
    expect(kept).toHaveLength(LIMITS.doubts_per_identity_max)
    expect(kept[0]).toEqual([4])
    for (let n = 0; n <= LIMITS.doubted_identities_per_partition_max; n++) note(doubts, `bot-${n}`, 1)
    expect(doubts.dump()).toHaveLength(LIMITS.doubted_identities_per_partition_max)
    expect(novelties(doubts, 'bot-0')).toEqual([])
    expect(JSON.stringify(doubts.dump())).not.toContain('bot-')
  })

  it('come back from a snapshot', () => {
    const doubts = new Doubts()
    note(doubts, 'bot', 7)
    const restored = new Doubts()
    restored.restore(JSON.parse(JSON.stringify(doubts.dump())))
    expect(novelties(restored, 'bot')).toEqual([[7]])
  })
})
