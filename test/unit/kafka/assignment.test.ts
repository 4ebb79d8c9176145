/** How a group shares partitions: properties that hold for whatever groups come about. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  assign,
  decodeAssignment,
  decodeMember,
  encodeAssignment,
  encodeMember,
  type Held,
  type Member,
} from '../../../services/lib/log/kafka/assignment.ts'

const counts: Record<string, number> = { events: 13, signals: 13, findings: 4 }
const partitionsOf = (topic: string): number => counts[topic]!
const nameOf = ({ topic, partition }: Held): string => `${topic}/${partition}`
const everything = Object.entries(counts).flatMap(([topic, count]) =>
  Array.from({ length: count }, (_, partition) => ({ topic, partition })),
)

/** Runs rounds as a group does: each member keeps what it is given and gives up the rest before the next round. */
function settle(members: Member[]): { rounds: number; members: Member[] } {
  for (let rounds = 1; ; rounds++) {
    const given = assign(members, partitionsOf)
    const next = members.map((member) => ({
      ...member,
      held: given.get(member.id)!,
      generation: member.generation + 1,
    }))
    const isStable = next.every(({ held }, i) => held.length === members[i]!.held.length) && rounds > 1
    if (isStable || rounds > 5) return { rounds, members: next }
    members = next
  }
}

const group = fc
  .record({
    ids: fc.uniqueArray(fc.string({ minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 9 }),
    owners: fc.array(fc.nat(9), { minLength: everything.length, maxLength: everything.length }),
  })
  .map(({ ids, owners }): Member[] =>
    ids.map((id, i) => ({
      id,
      topics: Object.keys(counts),
      held: everything.filter((_, n) => owners[n] === i),
      generation: 3,
    })),
  )

describe('assign', () => {
  it('never gives one partition to two, nor one that another still holds', () => {
    fc.assert(
      fc.property(group, (members) => {
        const given = assign(members, partitionsOf)
        const all = [...given].flatMap(([id, held]) => held.map((one) => [nameOf(one), id] as const))
        expect(new Set(all.map(([name]) => name)).size).toBe(all.length)
        for (const [name, id] of all) {
          const holders = members.filter(({ held }) => held.some((one) => nameOf(one) === name))
          expect(holders.every((holder) => holder.id === id)).toBe(true)
        }
      }),
    )
  })

  it('comes to rest in three rounds: everything is given, in even shares', () => {
    fc.assert(
      fc.property(group, (start) => {
        const { rounds, members } = settle(start)
        expect(rounds).toBeLessThanOrEqual(4)
        expect(members.flatMap(({ held }) => held.map(nameOf)).sort()).toEqual(everything.map(nameOf).sort())
        for (const [topic, count] of Object.entries(counts)) {
          for (const { held } of members) {
            const share = held.filter((one) => one.topic === topic).length
            expect([Math.floor(count / members.length), Math.ceil(count / members.length)]).toContain(share)
          }
        }
      }),
    )
  })

  it('moves only what has to move when a member comes or goes', () => {
    fc.assert(
      fc.property(group, (start) => {
        const before = settle(start).members
        const newcomer = { id: 'new', topics: Object.keys(counts), held: [], generation: -1 }
        if (before.some(({ id }) => id === 'new')) return
        const after = settle([...before, newcomer]).members
        const kept = before.flatMap(({ id, held }) =>
          held.filter((one) =>
            after.find((member) => member.id === id)!.held.some((now) => nameOf(now) === nameOf(one)),
          ),
        )
        expect(everything.length - kept.length).toBe(after.at(-1)!.held.length)
      }),
    )
  })

  it('does not depend on the order in which members are listed', () => {
    fc.assert(
      fc.property(group, (members) => {
        const one = assign(members, partitionsOf)
        const other = assign([...members].reverse(), partitionsOf)
        for (const { id } of members) expect(other.get(id)).toEqual(one.get(id))
      }),
    )
  })

  it('believes the newer generation where two claim one partition, and waits until the other has given it up', () => {
    const held = [{ topic: 'findings', partition: 0 }]
    const stale = { id: 'a', topics: ['findings'], held, generation: 1 }
    const fresh = { id: 'b', topics: ['findings'], held, generation: 2 }
    const given = assign([stale, fresh], partitionsOf)
    expect([...given.values()].flat().map(nameOf)).not.toContain('findings/0')
    const next = assign([{ ...stale, held: [] }, fresh], partitionsOf)
    expect(next.get('b')!.map(nameOf)).toContain('findings/0')
  })

  it('gives a topic only to those who consume it', () => {
    const given = assign(
      [
        { id: 'a', topics: ['findings'], held: [], generation: -1 },
        { id: 'b', topics: ['events', 'findings'], held: [], generation: -1 },
      ],
      partitionsOf,
    )
    expect(given.get('a')!.every(({ topic }) => topic === 'findings')).toBe(true)
    expect(given.get('b')!.filter(({ topic }) => topic === 'events')).toHaveLength(13)
  })
})

describe('what members tell each other', () => {
  it('comes back as it was told', () => {
    fc.assert(
      fc.property(group, (members) => {
        for (const { id, ...told } of members) {
          expect(decodeMember(id, encodeMember(told))).toEqual({ id, ...told })
          const names = decodeAssignment(encodeAssignment(told.held)).map(nameOf)
          expect(names.sort()).toEqual(told.held.map(nameOf).sort())
        }
      }),
    )
    expect(decodeAssignment(Buffer.alloc(0))).toEqual([])
  })

  it('of a foreign member is refused by name', () => {
    expect(() => decodeMember('stranger', Buffer.from('what is this'))).toThrow('stranger')
  })
})
