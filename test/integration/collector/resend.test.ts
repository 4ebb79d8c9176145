/**
 * Dead letters are read again by what was repaired since: each becomes the event that its record is, once; other tenants'
 * letters are out of reach; what cannot be made whole is told why; nothing that fails again is a new letter.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { DeadLetter } from '../../../schemas/dead-letter.ts'
import type { ResendAnswer } from '../../../services/collector/resend/index.ts'
import { addDeadLetters } from '../../../services/commands/dead-letters/dead-letters.ts'
import { type CollectorRoom, openCollector } from '../../support/collector.ts'
import { createCommandRoom } from '../../support/command-room.ts'
import { mappingOf } from '../../support/mappings.ts'

const GOOD = { id: 'g', identity: 'a', action: 'b' }
const DOOR = { door: 'lab', badge: 'courier', n: 1, at: '2026-03-01T12:00:00Z', note: 'password=correct-horse' }
const DOORS = mappingOf(
  'name: doors\nwhen: { all: [{ path: door, exists: true }] }\nskip: { any: [{ path: n, is: 2 }] }\nid: [n]\ntime: at\nfields: { identity: badge, action: { value: "door:open" }, task: note }',
)

describe('POST /v1/dead-letters/resend', () => {
  let room: CollectorRoom
  const as = (token: string) => ({ authorization: `Bearer ${token}` })
  const resend = async (body: object, token = 'both-token'): Promise<ResendAnswer> => {
    const answer = await room.post('/v1/dead-letters/resend', JSON.stringify(body), as(token))
    expect(answer.status).toBe(200)
    return (await answer.json()) as ResendAnswer
  }
  const letterOf = async (text: string): Promise<DeadLetter> => {
    const found = (await room.deadLetters()).findLast(({ record }) => record.includes(text))
    if (found === undefined) throw new Error(`no letter holds ${text}`)
    return found
  }
  const spoil = (record: object, token = 'live-token') =>
    room.post('/v1/records', JSON.stringify([GOOD, record]), as(token))

  beforeAll(async () => {
    room = await openCollector()
  })
  afterAll(() => room.close())

  it('makes of a letter the event that its record is, as often as it is asked', async () => {
    await spoil(DOOR)
    const letter = await letterOf('courier')
    expect(letter.record).not.toContain('correct-horse')
    const before = await resend({ ids: [letter.id] })
    expect(before).toMatchObject({
      sent: 0,
      letters: [{ status: 'rejected', detail: expect.stringMatching(/missing/) }],
    })
    room.preparer.useMappings([DOORS])
    expect(await resend({ ids: [letter.id], dry_run: true })).toMatchObject({ sent: 1, events: 1, dry_run: true })
    const count = async () => (await room.events()).filter(({ source }) => source === 'doors')
    expect(await count()).toEqual([])
    expect(await resend({ ids: [letter.id] })).toMatchObject({ sent: 1, letters: [{ status: 'sent', redacted: true }] })
    await resend({ reason: 'malformed', format: 'doors' })
    const events = await count()
    expect(new Set(events.map((event) => event.event_id)).size).toBe(1)
    expect(events[0]).toMatchObject({
      identity: 'courier',
      tenant: 'acme',
      sender: 'both',
      time: Date.UTC(2026, 2, 1, 12),
    })
    // The producer's id makes the same event of the record itself.
    await room.post('/v1/records', JSON.stringify(DOOR))
    expect(new Set((await count()).map((event) => event.event_id)).size).toBe(1)
  })

  it('leaves the letters of other tenants alone', async () => {
    await spoil({ door: 'vault', badge: 'globex-bot', n: { bad: true } }, 'other-token')
    const letter = await letterOf('globex-bot')
    expect(await resend({ ids: [letter.id] })).toMatchObject({ sent: 0, letters: [{ status: 'impossible' }] })
    expect((await resend({ since: 0 })).letters.map(({ id }) => id)).not.toContain(letter.id)
  })

  it('says of what cannot be sent again why', async () => {
    room.preparer.useMappings([])
    await spoil({ long: 'x y '.repeat(5_000) })
    const cut = await letterOf('x y x y')
    expect((await resend({ ids: [cut.id] })).letters[0]).toMatchObject({
      status: 'impossible',
      detail: expect.stringContaining('only its first 8192 characters are kept'),
    })
    const bytes: DeadLetter = { ...cut, id: 'b'.repeat(32), record: 'CgAAAA==' }
    const ours: DeadLetter = { ...cut, id: 'c'.repeat(32), service: 'detector' }
    await room.log.append(
      'dead-letters',
      0,
      [bytes, ours].map((one) => ({ key: null, value: Buffer.from(JSON.stringify(one)) })),
    )
    const { letters } = await resend({ ids: [bytes.id, ours.id] })
    expect(letters.map(({ detail }) => detail)).toEqual([
      expect.stringContaining('bytes'),
      expect.stringContaining('the detector gave it up'),
    ])
  })

  it('skips what is no act, and makes no new letter of what fails again', async () => {
    await spoil({ door: 'lab', badge: 'skipped', n: 2 })
    const before = (await room.deadLetters()).length
    room.preparer.useMappings([DOORS])
    expect((await resend({ ids: [(await letterOf('skipped')).id] })).letters[0]?.status).toBe('skipped')
    await resend({ since: 0, limit: 1_000 })
    expect((await room.deadLetters()).length).toBe(before)
  })

  it('is for whoever may read and send, asks which letters, and takes no other words', async () => {
    const status = async (body: string, token: string) =>
      (await room.post('/v1/dead-letters/resend', body, as(token))).status
    expect(await status('{"since":0}', 'live-token')).toBe(403)
    expect(await status('{"since":0}', 'analyst-token')).toBe(403)
    expect(await status('{"since":0}', 'wrong-token')).toBe(401)
    for (const body of [
      '{}',
      '[]',
      'null',
      '{',
      '{"ids":["x"]}',
      '{"tenant":"globex","since":0}',
      `{"ids":[],"since":0}`,
    ])
      expect([body, await status(body, 'both-token')]).toEqual([body, 400])
    room.notReady = 'starting'
    expect(await status('{"since":0}', 'both-token')).toBe(503)
    room.notReady = undefined
  })

  it('is asked on the command line', async () => {
    const commands = createCommandRoom()
    const token = commands.file('admin-token', 'both-token')
    const letter = await letterOf('courier')
    const common = ['--url', room.url, '--data', token.replace(/\/admin-token$/, '')]
    const run = await commands.run(addDeadLetters, ['dead-letters', 'resend', letter.id, ...common])
    expect(run).toMatchObject({ code: 0, err: '1 of 1 letter sent: 1 event\n' })
    expect(run.out).toMatch(new RegExp(`^id .*\n${letter.id} +sent +1 +as doors`))
    const none = await commands.run(addDeadLetters, ['dead-letters', 'resend', 'd'.repeat(32), ...common, '--json'])
    expect([none.code, JSON.parse(none.out)]).toMatchObject([1, { sent: 0 }])
    await expect(commands.run(addDeadLetters, ['dead-letters', 'resend', ...common])).rejects.toThrow(
      'say which letters',
    )
    commands.clear()
  })
})
