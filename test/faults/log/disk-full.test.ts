/**
 * Fault 18: the disk takes no more. The limit is the kernel's own on the size of a file, set on a child process and
 * lifted while it runs: appends are refused with a readable reason, nothing acknowledged is lost, and the log recovers
 * by itself.
 */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createLogRoom, type LogRoom } from '../../support/sqlite-log.ts'

const CHILD = fileURLToPath(new URL('./append-until-full.ts', import.meta.url))
/** bash counts in KiB. */
const FILE_KIB_MAX = 5_000
const VOLUME_MB = 12
/** Runs a program in a namespace of its own, and another one in the same (util-linux). */
const OWN_SPACE = 'unshare'
const ENTER = 'nsenter'
/** Whether a process may have a small volume of its own (a user namespace of Linux). */
const canMount = ((): boolean => {
  const script = 'mount -t tmpfs -o size=1m tmpfs /tmp && nsenter --version'
  return spawnSync(OWN_SPACE, ['--user', '--map-root-user', '--mount', 'sh', '-c', script]).status === 0
})()
/** Changes the limits of a running process (util-linux). */
const LIMITER = 'prlimit'
const canLimit = [LIMITER, 'bash'].every((program) => spawnSync(program, ['--version']).status === 0)

let room: LogRoom
beforeEach(() => {
  room = createLogRoom()
})
afterEach(() => room.clear())

describe('a disk that takes no more', () => {
  if (!canLimit) console.warn('left out: the disk that takes no more, because bash or prlimit (util-linux) is missing')
  // Only Linux with util-linux can lift a limit of a process that runs.
  it.skipIf(!canLimit)('makes the log refuse, readably, until there is space again', async () => {
    const limited = `ulimit -S -f ${FILE_KIB_MAX}; exec "$0" "$@"`
    const args = ['-c', limited, process.execPath, CHILD, room.directory]
    const child = spawn('bash', args, { stdio: ['ignore', 'pipe', 'inherit'] })
    const exited = once(child, 'exit')
    const said: unknown[] = []
    for await (const line of createInterface({ input: child.stdout })) {
      said.push(JSON.parse(line))
      if (said.length === 1) spawnSync(LIMITER, ['--pid', `${child.pid}`, '--fsize=unlimited'])
    }
    expect(await exited).toEqual([0, null])
    const reason = expect.stringContaining(room.file)
    expect(said[0]).toMatchObject({ code: 'log_unavailable', message: reason, health: { ok: false, reason } })
    const { taken } = said[0] as { taken: number }
    expect(taken).toBeGreaterThan(10)
    expect(said[1]).toEqual({ read: taken + 5, bounds: { start: 0, end: taken + 5 } })
  })

  if (!canMount) console.warn('left out: the volume that is full, because this machine lets nobody mount one (unshare)')
  // Only Linux lets somebody without rights have a volume of his own, and not everywhere.
  it.skipIf(!canMount)('is what a full volume is, too: ENOSPC until it has grown', async () => {
    const volume = room.directory
    const script = `mount -t tmpfs -o size=${VOLUME_MB}m tmpfs "$0" && exec "$@"`
    const inside = ['sh', '-c', script, volume, process.execPath, CHILD, volume]
    const child = spawn(OWN_SPACE, ['--user', '--map-root-user', '--mount', ...inside], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const exited = once(child, 'exit')
    const said: unknown[] = []
    for await (const line of createInterface({ input: child.stdout })) {
      said.push(JSON.parse(line))
      if (said.length > 1) continue
      const grow = ['mount', '-o', `remount,size=${VOLUME_MB * 4}m`, volume]
      const enter = ['--preserve-credentials', '--user', '--mount', '--target', String(child.pid)]
      expect(spawnSync(ENTER, [...enter, ...grow]).status).toBe(0)
    }
    expect(await exited).toEqual([0, null])
    expect(said[0]).toMatchObject({ code: 'log_unavailable', message: expect.stringContaining('full') })
    const { taken } = said[0] as { taken: number }
    expect(taken).toBeGreaterThan(10)
    expect(said[1]).toEqual({ read: taken + 5, bounds: { start: 0, end: taken + 5 } })
  })
})
