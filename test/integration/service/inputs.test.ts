/**
 * The service as people run it, with inputs of its configuration: a file is followed through kills of the process and a
 * rotation between them, and nothing of it is lost or counted twice; a dead letter becomes an event once a mapping knows it.
 */
import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { addDeadLetters } from '../../../services/commands/dead-letters/dead-letters.ts'
import { createCommandRoom } from '../../support/command-room.ts'
import { planService, type RunningService, startService, TOKEN, until } from '../../support/service.ts'

const MINUTES_3 = 180_000
const RECORDS = 300

describe('inputs of the configuration', () => {
  let folder: string
  let service: RunningService | undefined
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'moltwatch-inputs-'))
  })
  afterAll(async () => {
    await service?.kill()
    rmSync(folder, { recursive: true, force: true })
  })

  const lines = (from: number, to: number): string =>
    Array.from(
      { length: to - from },
      (_, i) => `${JSON.stringify({ door: 'lab', badge: 'courier', n: from + i, at: '2026-03-01T12:00:00Z' })}\n`,
    ).join('')
  const count = async (wanted: number): Promise<void> => {
    const running = service as RunningService
    await until(
      () => running.get('/v1/events/count') as Promise<{ count: number }>,
      (answer) => answer.count === wanted,
    )
  }

  it('bring each line of a file once, through kills and a rotation', { timeout: MINUTES_3 }, async () => {
    const log = join(folder, 'doors.log')
    const mapping = (name: string, field: string) =>
      writeFileSync(
        join(folder, `${name}.yaml`),
        `name: ${name}\nwhen: { all: [{ path: ${field}, exists: true }] }\ntime: at\nfields: { identity: badge, action: { value: "door:open" }, target: ${field} }\n`,
      )
    mapping('doors', 'door')
    const config = join(folder, 'moltwatch.yaml')
    const file = { name: 'doors', type: 'file', token: 'edge', paths: [log] }
    const settings = { tokens: [{ name: 'edge', token: 'edge-token-0123456789', role: 'sender' }], inputs: [file] }
    writeFileSync(config, JSON.stringify({ ...settings, mappings: ['doors.yaml'] }))
    writeFileSync(log, lines(0, RECORDS))
    const plan = await planService(join(folder, 'data'), config)
    service = await startService(plan)
    await service.kill()
    appendFileSync(log, lines(RECORDS, 2 * RECORDS))
    renameSync(log, join(folder, 'doors.log.1'))
    writeFileSync(log, lines(2 * RECORDS, 3 * RECORDS))
    service = await startService(plan)
    await count(3 * RECORDS)

    // A record that nobody knows, and the mapping that knows it.
    await service.post(
      '/v1/records',
      `${lines(9_000, 9_001)}${JSON.stringify({ gate: 'north', badge: 'courier', at: '2026-03-01T12:00:00Z' })}`,
    )
    await count(3 * RECORDS + 1)
    mapping('gates', 'gate')
    writeFileSync(config, JSON.stringify({ ...settings, mappings: ['doors.yaml', 'gates.yaml'] }))
    const commands = createCommandRoom()
    const own = [
      '--url',
      `http://127.0.0.1:${plan.port}`,
      '--data',
      commands.file('admin-token', TOKEN).replace(/\/admin-token$/, ''),
    ]
    const listed = await until(
      () => commands.run(addDeadLetters, ['dead-letters', 'list', '--json', ...own]),
      ({ out }) => out.includes('north'),
    )
    const { id } = JSON.parse(listed.out.split('\n')[0] ?? '') as { id: string }
    expect((await commands.run(addDeadLetters, ['dead-letters', 'show', id, ...own])).out).toContain('"gate":"north"')
    await until(
      () => commands.run(addDeadLetters, ['dead-letters', 'resend', id, ...own]),
      ({ code }) => code === 0,
    )
    await count(3 * RECORDS + 2)
    commands.clear()
  })
})
