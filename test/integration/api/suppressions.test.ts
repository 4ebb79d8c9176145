/**
 * Suppressions on the command line of a running service: made with a scope and an end, listed, shown, taken back, each with
 * its outcome; and every finding at once only by an admin.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { CommandOutcome } from '../../../schemas/command.ts'
import type { Suppression } from '../../../schemas/suppression.ts'
import { addOutcomes } from '../../../services/commands/outcomes/outcomes.ts'
import { addSuppressions } from '../../../services/commands/suppressions/suppressions.ts'
import { type CommandRoom, type CommandRun, createCommandRoom } from '../../support/command-room.ts'
import { planService, type RunningService, startService, TOKEN } from '../../support/service.ts'

const MINUTES_3 = 180_000
const REASON = ['--reason', 'A scan that we ordered.']
const DAY = ['--until', '1d', ...REASON]
const SCAN = ['add', '--detector', 'lateral/recon-burst', '--agent', 'scanner']

describe('suppressions of a running service', { timeout: MINUTES_3 }, () => {
  let directory: string
  let service: RunningService
  let room: CommandRoom
  let admin: string
  let analyst: string
  const at = (home: string): string[] => ['--url', `http://127.0.0.1:${service.plan.port}`, '--data', home]
  const suppressions = (args: readonly string[], home = admin): Promise<CommandRun> =>
    room.run(addSuppressions, ['suppressions', ...args, ...at(home)])
  const commands = (args: readonly string[]): Promise<CommandRun> =>
    room.run(addOutcomes, ['commands', ...args, ...at(admin)])
  const idIn = (run: CommandRun): string => /^[0-9a-f]{32}/.exec(run.out)?.[0] ?? run.out

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'moltwatch-suppressions-'))
    service = await startService(await planService(join(directory, 'data')))
    room = createCommandRoom()
    admin = dirname(room.file('admin/admin-token', TOKEN))
    const made = await service.post('/v1/tokens', JSON.stringify({ name: 'ann', role: 'analyst', reason: 'Triage.' }))
    analyst = dirname(room.file('analyst/admin-token', ((await made.json()) as { token: string }).token))
  }, MINUTES_3)
  afterAll(async () => {
    room?.clear()
    await service?.stop()
    await rm(directory, { recursive: true, force: true })
  })

  it('are made with their outcome, listed, shown and taken back, with who and why', async () => {
    expect((await suppressions(['list'])).out).toBe('nothing is suppressed\n')
    const made = await suppressions([...SCAN, ...DAY], analyst)
    expect([made.code, made.out]).toEqual([0, expect.stringMatching(/^[0-9a-f]{32} applied: in force up to /)])
    const id = idIn(made)
    const line = /lateral\/recon-burst +agent scanner +[\d-]{10} [\d:]{5} +ann: A scan that we ordered\. +/
    expect((await suppressions(['list'])).out).toMatch(line)
    const listed = JSON.parse((await suppressions(['list', '--json'])).out) as Suppression
    expect(listed).toMatchObject({ id, by: 'ann', scope: { detector: 'lateral/recon-burst', agent: 'scanner' } })
    expect(JSON.parse((await suppressions(['show', id, '--json'])).out)).toEqual(listed)
    expect((await suppressions(['show', id])).out).toMatch(/^detector +lateral\/recon-burst\nagent +scanner\n/)
    const ended = await suppressions(['delete', id, '--reason', 'The scan is over.', '--json'])
    const outcome = JSON.parse(ended.out) as CommandOutcome
    expect(outcome).toMatchObject({ type: 'unsuppress', status: 'applied', by: 'admin', reason: 'The scan is over.' })
    expect((await suppressions(['list'])).out).toBe('nothing is suppressed\n')
    await expect(suppressions(['show', id])).rejects.toThrow(`there is no suppression ${id}`)
    await expect(suppressions(['delete', id, ...REASON])).rejects.toThrow('answered 404')
    expect((await commands(['show', id])).out).toMatch(/ applied: in force up to /)
    const lines = (await commands(['list'])).out
    expect(lines).toMatch(/ unsuppress +applied +ended +admin: The scan is over\. +/)
    expect(lines).toMatch(/ suppress +applied +in force up to \S+ +ann: A scan that we ordered\. +/)
    expect((await commands(['list', '--type', 'suppress', '--json'])).out.trimEnd().split('\n')).toHaveLength(1)
  })

  it('of every finding are made by an admin alone', async () => {
    await expect(suppressions(['add', '--detector', '*', ...DAY], analyst)).rejects.toThrow(
      'only an admin may suppress every finding',
    )
    expect((await suppressions(['add', '--detector', '*', '--agent', 'scanner', ...DAY], analyst)).code).toBe(0)
    const everything = await suppressions(['add', '--detector', '*', ...DAY])
    expect(everything.code).toBe(0)
    await suppressions(['delete', idIn(everything), ...REASON])
  })

  it('are refused without a scope, an end or a reason, and where either is none', async () => {
    const refused: readonly (readonly [args: string[], why: RegExp])[] = [
      [['add', ...DAY], /required option '--detector <id>'/],
      [[...SCAN, ...REASON], /required option '--until <time>'/],
      [[...SCAN, '--until', '1d'], /required option '--reason <text>'/],
      [[...SCAN, '--until', 'soon', ...REASON], /--until soon: give 12h, 30d or a time/],
      [[...SCAN, '--until', '2020-01-01', ...REASON], /until has passed already/],
      [[...SCAN, '--until', '400d', ...REASON], /more than a year ahead/],
      [['add', '--detector', 'no/such', ...DAY], /there is no detector no\/such; known: /],
      [
        ['add', '--detector', 'credential/new-sorce', ...DAY],
        /there is no detector credential\/new-sorce; did you mean credential\/new-source\?/,
      ],
      [['add', '--detector', '*', '--network', '0.0.0.0/0', ...DAY], /network must be \/8 or narrower/],
      [['delete', 'no-id', ...REASON], /"no-id" is no id/],
    ]
    for (const [args, why] of refused) await expect(suppressions(args), args.join(' ')).rejects.toThrow(why)
  })

  it('and other commands that change nothing end with 1, and one that nobody gave waits', async () => {
    const order = JSON.stringify({ type: 'resume', reason: 'Nothing was stopped.' })
    const { command_id: id } = (await (await service.post('/v1/commands', order)).json()) as { command_id: string }
    const shown = await commands(['show', id, '--wait', '60'])
    expect([shown.code, shown.out]).toEqual([1, expect.stringContaining(' nothing: ')])
    const none = '0'.repeat(32)
    const waits = await commands(['show', none, '--json'])
    expect([waits.code, JSON.parse(waits.out)]).toEqual([0, { id: none, status: 'waiting' }])
  })
})
