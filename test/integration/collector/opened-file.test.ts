/**
 * Files that are followed: what stands in them is in the log once, through rotation by renaming and by copying, truncation,
 * restarts, and a restart that has forgotten what it took last.
 */
import {
  appendFileSync,
  copyFileSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { OpenedInputs } from '../../../services/collector/opened/index.ts'
import { type OpenRoom, openRoom } from '../../support/opened.ts'
import { eventually } from '../../support/responder.ts'

const line = (n: number): string =>
  `${JSON.stringify({ id: `n${n}`, identity: 'courier', action: 'read_file', time: '2026-03-01T12:00:00Z' })}\n`
/** Without an id of its own, and all the same but for their place. */
const SAME = `${JSON.stringify({ identity: 'courier', action: 'ping', time: '2026-03-01T12:00:00Z' })}\n`

describe('a file', () => {
  let room: OpenRoom
  let folder: string
  let file: string
  const state = () => join(folder, 'state')
  const positions = () => join(state(), 'logs.positions.json')
  const open = (more: object = {}): Promise<OpenedInputs> =>
    room.open([{ name: 'logs', type: 'file', token: 'edge', paths: [join(folder, '*.log')], ...more }], state())
  const ids = async () => (await room.events()).map(({ event_id }) => event_id)
  const distinct = async () => new Set(await ids()).size
  const sees = (count: number) => eventually(`${count} events`, async () => (await distinct()) >= count)

  beforeEach(async () => {
    room = await openRoom()
    folder = mkdtempSync(join(tmpdir(), 'moltwatch-file-'))
    file = join(folder, 'agent.log')
  })
  afterEach(async () => {
    await room.close()
    rmSync(folder, { recursive: true, force: true })
  })

  it('is read from its start, and on as it grows, whole lines alone', async () => {
    writeFileSync(file, line(1) + line(2))
    await open()
    await sees(2)
    const half = line(3)
    appendFileSync(file, half.slice(0, 20))
    writeFileSync(join(folder, 'second.log'), line(4))
    await sees(3)
    expect(await distinct()).toBe(3)
    appendFileSync(file, half.slice(20))
    await sees(4)
  })

  it('keeps its place when it is renamed, and what follows it is read from its start', async () => {
    writeFileSync(file, line(1))
    await open()
    await sees(1)
    renameSync(file, join(folder, 'agent.log.1'))
    appendFileSync(join(folder, 'agent.log.1'), line(2))
    writeFileSync(file, line(3))
    await sees(3)
    expect(await ids()).toHaveLength(3)
  })

  it('that is copied away and cut short is read anew', async () => {
    writeFileSync(file, line(1) + line(2) + line(3))
    await open()
    await sees(3)
    copyFileSync(file, join(folder, 'agent.log.1'))
    truncateSync(file, 0)
    appendFileSync(file, line(4))
    await sees(4)
  })

  it('is read on after a restart, also where it was renamed meanwhile, and nothing twice', async () => {
    writeFileSync(file, line(1))
    const first = await open()
    await sees(1)
    await first.stop()
    appendFileSync(file, line(2))
    renameSync(file, join(folder, 'agent.log.1'))
    writeFileSync(file, line(3))
    await open()
    await sees(3)
    expect(await ids()).toHaveLength(3)
  })

  it('is remembered before anything of it is taken, so that a kill and a rotation hide nothing', async () => {
    const first = await open()
    writeFileSync(file, line(1).slice(0, 20))
    await eventually('it is remembered', async () => readFileSync(positions(), 'utf8').includes('agent.log'))
    await first.stop()
    renameSync(file, join(folder, 'agent.log.1'))
    appendFileSync(join(folder, 'agent.log.1'), line(1).slice(20))
    await open()
    await sees(1)
  })

  it('gives lines without ids the same ids when the last ones are read again after a crash', async () => {
    writeFileSync(file, SAME.repeat(5))
    const first = await open()
    await sees(5)
    const before = readFileSync(positions(), 'utf8')
    appendFileSync(file, SAME.repeat(5))
    await sees(10)
    await first.stop()
    // As a kill leaves it between the log and the positions.
    writeFileSync(positions(), before)
    await open()
    await eventually('repeats', async () => (await ids()).length >= 15)
    expect(await distinct()).toBe(10)
  })

  it('is read from its end where that is asked for, and the first time alone', async () => {
    writeFileSync(file, line(1) + line(2))
    const first = await open({ begin: 'end' })
    appendFileSync(file, line(3))
    await sees(1)
    await first.stop()
    writeFileSync(join(folder, 'later.log'), line(4))
    await open({ begin: 'end' })
    await sees(2)
    expect((await room.events()).map(({ source_id }) => source_id).sort()).toEqual(['n3', 'n4'])
  })

  it('with what is no record among its lines gives the others, and tells', async () => {
    writeFileSync(
      file,
      `${line(1)}GET /healthz 200\n{"hello":"world"}\n{broken\n${'x'.repeat(3 * 1024 * 1024)}\n${line(2)}`,
    )
    await open()
    await sees(2)
    expect((await room.letters()).length).toBe(2)
    expect(await room.count('logs', 'plain')).toBeGreaterThanOrEqual(1)
    expect(await room.count('logs', 'too_long')).toBeGreaterThanOrEqual(1)
  })

  it('is not opened with positions that cannot be read', async () => {
    writeFileSync(file, line(1))
    await (await open()).stop()
    writeFileSync(positions(), '{"positions": [{"file": 7}]}')
    await expect(open()).rejects.toThrow('cannot be used: it holds no positions')
  })
})
