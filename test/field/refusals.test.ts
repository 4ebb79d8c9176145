/** A refusal says in words what was expected, for every field of a wrong type, and a time that cannot be read is named. */
import { describe, expect, it } from 'vitest'
import { checkCommand } from '../../schemas/command.ts'
import { normalise } from '../../services/collector/normalise.ts'
import { normaliseContext } from '../support/normalise.ts'

const told = (fields: object): string | undefined => {
  const result = normalise('events', { identity: 'a', action: 'read_file', ...fields }, normaliseContext())
  return result.ok ? result.rejected[0]?.detail : result.detail
}

describe('a field of an event', () => {
  it.each([
    [{ bytes_out: 'many' }, 'bytes_out must be a number'],
    [{ tokens_in: true }, 'tokens_in must be a number'],
    [{ approval_expires: 'soon' }, 'approval_expires must be a whole number'],
    [{ on_behalf_of: 'me' }, 'on_behalf_of must be a list'],
    [{ on_behalf_of: [7] }, 'on_behalf_of must be a text'],
    [{ session: { a: 1 } }, 'session must be a text'],
    [{ outcome: 'maybe' }, 'outcome must be one of unknown, success, failure, denied'],
    [{ principal_kind: 'robot' }, 'principal_kind must be one of agent, service, person'],
  ])('%j is told what it must be', (fields, words) => {
    expect(told(fields)).toBe(`the field ${words}: see docs/formats.md for its values`)
  })
})

describe('a time', () => {
  it.each([['yesterday'], ['2026-13-45T00:00:00Z'], [''], [true], [[]], [{ a: 1 }]])(
    '%j cannot be read and is named',
    (time) => {
      const result = normalise('events', { identity: 'a', action: 'read_file', time }, normaliseContext())
      expect(result).toMatchObject({ events: [{ time_flag: 'missing' }], ignored: { time: 1 } })
    },
  )

  it('that is not there is not named', () => {
    const result = normalise('events', { identity: 'a', action: 'read_file', time: null }, normaliseContext())
    expect(result).toMatchObject({ events: [{ time_flag: 'missing' }], ignored: {} })
  })
})

describe('a command', () => {
  const whole = { id: 'a'.repeat(32), tenant: 'default', by: 'ada', time: '2026-01-01T00:00:00.000Z' }
  it.each([
    [{ type: 'quarantine' }, 'bad command quarantine: lacks identities, reason'],
    [{ type: 'quarantine', identities: 'a', reason: 'x' }, 'bad command quarantine: identities must be a list'],
    [{ type: 'quarantine', identities: ['a'], reason: 'x', why: 1 }, 'bad command quarantine: knows no why'],
  ])('%j is refused in words', (command, reason) => {
    expect(checkCommand({ ...whole, ...command })).toEqual({ ok: false, reason })
  })
})
