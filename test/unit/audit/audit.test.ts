/**
 * The chain of the audit log (fault 39): whoever changes, takes out, moves, repeats or adds an entry is found, and the first
 * bad one is named. Content may be forgotten; changed it may not be.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AUDIT_ROOT, type AuditEntry, checkChain, sealed } from '../../../schemas/audit.ts'
import { H } from '../../../schemas/ids.ts'

interface Plan {
  readonly length: number
  readonly keptFrom: number
}

function chain({ length, keptFrom }: Plan): AuditEntry[] {
  const all: AuditEntry[] = []
  for (let sequence = 1; sequence <= length; sequence++) {
    const time = new Date(Date.UTC(2026, 0, 5) + sequence * 1_000).toISOString()
    all.push(
      sealed({
        id: H('entry', sequence),
        tenant: 'acme',
        sequence,
        kept_from: Math.min(keptFrom, sequence),
        time,
        asked_at: time,
        by: 'ada',
        act: sequence % 2 === 0 ? 'release' : 'quarantine',
        status: 'applied',
        content: { subject: [`agent-${sequence}`], reason: 'why', detail: '1 ordered', salt: String(sequence) },
        previous: all.at(-1)?.hash ?? AUDIT_ROOT,
      }),
    )
  }
  return all.slice(Math.min(keptFrom, length) - 1)
}

const plan = fc
  .integer({ min: 3, max: 12 })
  .chain((length) => fc.record({ length: fc.constant(length), keptFrom: fc.integer({ min: 1, max: length - 2 }) }))
const spot = fc.nat(1_000)

const CHANGES: Readonly<Record<string, Partial<AuditEntry>>> = {
  who: { by: 'mallory' },
  what: { act: 'verdict' },
  when: { time: '2026-02-01T00:00:00.000Z' },
  asked: { asked_at: '2026-02-01T00:00:00.000Z' },
  outcome: { status: 'refused' },
  command: { id: H('another') },
  tenant: { tenant: 'globex' },
  content: { content: { subject: ['another'], reason: 'why', detail: '1 ordered', salt: '1' } },
  'hash of the content': { content_hash: 'f'.repeat(64) },
  before: { previous: 'f'.repeat(64) },
  itself: { hash: 'f'.repeat(64) },
}

describe('a chain', () => {
  it('is whole as it was written, in whatever order it is read, from wherever it is kept', () => {
    fc.assert(
      fc.property(plan, fc.infiniteStream(spot), (made, numbers) => {
        const entries = chain(made)
        const mixed = entries.map((entry) => ({ entry, at: numbers.next().value })).sort((a, b) => a.at - b.at)
        const outcome = checkChain(mixed.map(({ entry }) => entry))
        expect(outcome).toEqual({ ok: true, entries: entries.length, head: entries.at(-1)?.hash })
        for (const { hash } of entries) expect(checkChain(entries, hash)).toMatchObject({ ok: true })
      }),
    )
  })

  it.each(Object.entries(CHANGES))('tells a changed entry, and which: %s', (_name, change) => {
    fc.assert(
      fc.property(plan, spot, (made, n) => {
        const entries = chain(made)
        const at = n % entries.length
        const bad = entries[at] as AuditEntry
        const changed = entries.with(at, { ...bad, ...change })
        expect(checkChain(changed)).toMatchObject({ ok: false, sequence: bad.sequence })
      }),
    )
  })

  it('tells an entry that was changed and sealed again, at the one that follows it', () => {
    fc.assert(
      fc.property(plan, spot, (made, n) => {
        const entries = chain(made)
        const at = n % (entries.length - 1)
        const bad = entries[at] as AuditEntry & { content: NonNullable<AuditEntry['content']> }
        const forged = sealed({ ...bad, by: 'mallory' })
        expect(checkChain(entries.with(at, forged))).toMatchObject({ ok: false, sequence: bad.sequence + 1 })
      }),
    )
  })

  it('tells an entry that is gone, also the first', () => {
    fc.assert(
      fc.property(plan, spot, (made, n) => {
        const entries = chain(made)
        const at = n % (entries.length - 1)
        const gone = entries[at] as AuditEntry
        expect(checkChain(entries.toSpliced(at, 1))).toMatchObject({ ok: false, sequence: gone.sequence })
      }),
    )
  })

  it('tells by a hash that was noted that its end was taken off, or that all of it was made anew', () => {
    fc.assert(
      fc.property(plan, spot, (made, n) => {
        const entries = chain(made)
        const kept = 1 + (n % (entries.length - 1))
        expect(checkChain(entries.slice(0, kept), entries.at(-1)?.hash)).toMatchObject({ ok: false })
        expect(checkChain([], entries.at(-1)?.hash)).toMatchObject({ ok: false })
      }),
    )
  })

  it('tells entries that changed places, and one that stands there twice', () => {
    fc.assert(
      fc.property(plan, spot, (made, n) => {
        const entries = chain(made)
        const at = n % (entries.length - 1)
        const [a, b] = [entries[at] as AuditEntry, entries[at + 1] as AuditEntry]
        const swapped = entries.with(at, { ...b, sequence: a.sequence }).with(at + 1, { ...a, sequence: b.sequence })
        expect(checkChain(swapped)).toMatchObject({ ok: false, sequence: a.sequence })
        expect(checkChain([...entries, b])).toMatchObject({ ok: false, sequence: b.sequence })
      }),
    )
  })

  it('stays whole where content was forgotten', () => {
    fc.assert(
      fc.property(plan, spot, (made, n) => {
        const entries = chain(made)
        const at = n % entries.length
        const forgotten = entries.with(at, { ...(entries[at] as AuditEntry), content: null })
        expect(checkChain(forgotten)).toMatchObject({ ok: true })
      }),
    )
  })
})
