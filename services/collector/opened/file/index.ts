/**
 * Follows files durably, as `tail -F` does. The position of a file is written once the log holds everything before it.
 * After a crash the last lines are read again and become the same events: a record without its own id is identified by
 * its file and byte. A renamed file is read to its end; a truncated or rewritten one is read from its beginning.
 */
import { glob, readdir, stat } from 'node:fs/promises'
import { dirname, isAbsolute, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { Formats } from '../../formats/formats.ts'
import type { Envelope } from '../../formats/read-envelopes.ts'
import { lineEnvelope } from '../../inputs/lib/lines.ts'
import { COLLECTOR_LIMITS } from '../../limits.ts'
import { OpenError, type Opened, type OpenedInput, type OpenParams, type OpenTools } from '../opened.ts'
import { type Position, readPositions, writePositions } from './positions.ts'
import { FileSettings } from './settings.ts'
import { fileOf, openTail, type Tail } from './tail.ts'

const NEWLINE = 0x0a

function unpack(body: Buffer, params: OpenParams, formats: Formats) {
  const { format = 'auto', plain = 'drop', file = '', path = '', offset = '0' } = params
  const envelopes: Envelope[] = []
  let dropped = 0
  for (let start = 0; start < body.length; ) {
    const newline = body.indexOf(NEWLINE, start)
    const end = newline === -1 ? body.length : newline
    const text = body.toString('utf8', start, end).trim()
    const place = `${file}:${Number(offset) + start}`
    start = end + 1
    if (text === '') continue
    const around = { name: 'file', fields: { path }, place }
    const { plain: isPlain, ...envelope } = lineEnvelope(text, around, formats)
    if (isPlain === true && plain === 'drop' && format === 'auto') dropped += 1
    else envelopes.push('problem' in envelope || format === 'auto' ? envelope : { ...envelope, format })
  }
  return { ok: true as const, envelopes, dropped }
}

/** The files that the patterns fit, in a fixed order. */
async function found(paths: readonly string[]): Promise<string[]> {
  const files = new Set<string>()
  for (const pattern of paths) {
    for await (const path of glob(pattern)) {
      files.add(path)
      if (files.size > COLLECTOR_LIMITS.tail_files_max) return [...files].toSorted()
    }
  }
  return [...files].toSorted()
}

/** The current path of a file with a known position: a rotation may have renamed it unobserved. */
async function whereIs({ file, path }: Position): Promise<string | undefined> {
  const folder = dirname(path)
  const names = await readdir(folder).catch(() => [])
  for (const name of names.slice(0, COLLECTOR_LIMITS.tail_folder_names_max)) {
    const here = join(folder, name)
    const info = await stat(here, { bigint: true }).catch(() => undefined)
    if (info?.isFile() === true && fileOf(info) === file) return here
  }
  return undefined
}

interface Following {
  readonly tail: Tail
  /** Rounds in which the patterns fitted it no more and nothing new stood in it. */
  gone: number
}

/** What is followed, and how far. */
interface Follower {
  readonly settings: FileSettings
  readonly tools: OpenTools
  readonly positionsFile: string
  readonly following: Map<string, Following>
  /** Positions of files that are not open. */
  readonly known: Map<string, Position>
  readonly stopping: AbortController
  readonly told: Set<string>
  fresh: boolean
  overflow: boolean
  running: Promise<void> | undefined
}

const once = (follower: Follower, key: string, tell: () => void): void => {
  if (follower.told.has(key) || follower.told.size >= COLLECTOR_LIMITS.tail_files_max) return
  follower.told.add(key)
  tell()
}

async function save(follower: Follower): Promise<void> {
  const open = [...follower.following.values()].map(({ tail }) => tail.position())
  await writePositions(follower.positionsFile, [...follower.known.values(), ...open])
}

/** Resolves with whether the file could be opened. */
async function follow(
  follower: Follower,
  path: string,
  position: Position | undefined,
  from: 'start' | 'end',
): Promise<boolean> {
  try {
    const tail = await openTail(path, position, from)
    follower.known.delete(tail.file)
    follower.following.set(tail.file, { tail, gone: 0 })
    return true
  } catch (error) {
    once(follower, path, () =>
      follower.tools.logger.error({ path, reason: (error as Error).message }, 'a file cannot be followed'),
    )
    return false
  }
}

/** Opens new files, and notes moved and deleted ones. Resolves with whether there were new ones. */
async function look(follower: Follower, first: boolean): Promise<boolean> {
  const { paths, begin } = follower.settings
  const { logger } = follower.tools
  const files = await found(paths)
  if (files.length > COLLECTOR_LIMITS.tail_files_max && !follower.overflow) {
    follower.overflow = true
    logger.error({ files_max: COLLECTOR_LIMITS.tail_files_max }, 'the patterns fit more files than are followed')
  }
  const here = new Set<string>()
  let isMore = false
  for (const path of files.slice(0, COLLECTOR_LIMITS.tail_files_max)) {
    const info = await stat(path, { bigint: true }).catch(() => undefined)
    if (info?.isFile() !== true) continue
    const file = fileOf(info)
    here.add(file)
    const open = follower.following.get(file)
    if (open !== undefined) open.tail.moved(path)
    else if (await follow(follower, path, follower.known.get(file), first && follower.fresh ? begin : 'start'))
      isMore = true
  }
  for (const [file, one] of follower.following) one.gone = here.has(file) ? 0 : one.gone + 1
  return isMore
}

/** Finds files that were rotated away unobserved, so that they are read to their end. */
async function findMoved(follower: Follower): Promise<void> {
  for (const position of follower.known.values()) {
    const path = await whereIs(position)
    if (path !== undefined) await follow(follower, path, position, 'start')
    else {
      follower.known.delete(position.file)
      follower.tools.drop('lost')
      follower.tools.logger.warn({ path: position.path }, 'a file is gone that may not have been read to its end')
    }
  }
}

/** Reads new lines of one file, up to a number of bodies. */
async function advance(follower: Follower, { tail }: Following): Promise<boolean> {
  const { logger } = follower.tools
  const { format, plain } = follower.settings
  let moved = false
  for (let n = 0; n < COLLECTOR_LIMITS.tail_bodies_per_turn && !follower.stopping.signal.aborted; n++) {
    const before = tail.truncations()
    const chunk = await tail.read()
    if (tail.truncations() > before)
      logger.warn({ path: tail.position().path }, 'a file was cut short; it is read from its beginning')
    if (chunk === undefined) return moved
    if (chunk.tooLong > 0) follower.tools.drop('too_long', chunk.tooLong)
    const { file, first, path } = tail.position()
    const params = { format, plain, file: `${file}:${first}`, path, offset: String(chunk.offset) }
    if (chunk.body.length > 0) await follower.tools.take(chunk.body, params, follower.tools.sender)
    tail.settle(chunk.next)
    await save(follower)
    moved = true
  }
  return moved
}

async function round(follower: Follower): Promise<void> {
  // Before anything of a new file is read: a rotation and a kill meanwhile would hide what has not been read of it yet.
  if (await look(follower, false)) await save(follower)
  for (const [file, one] of follower.following) {
    const moved = await advance(follower, one)
    if (moved) one.gone = 0
    if (one.gone < COLLECTOR_LIMITS.tail_gone_rounds) continue
    follower.following.delete(file)
    await one.tail.close()
    await save(follower)
  }
}

async function run(follower: Follower): Promise<void> {
  while (!follower.stopping.signal.aborted) {
    try {
      await round(follower)
    } catch (error) {
      if (!follower.stopping.signal.aborted)
        follower.tools.logger.error({ err: error }, 'files cannot be followed at the moment')
    }
    await wait(COLLECTOR_LIMITS.tail_every_ms, undefined, { signal: follower.stopping.signal }).catch(() => undefined)
  }
}

async function start(follower: Follower): Promise<void> {
  const positions = await readPositions(follower.positionsFile)
  follower.fresh = positions === undefined
  for (const position of positions ?? []) follower.known.set(position.file, position)
  await look(follower, true)
  await findMoved(follower)
  await save(follower)
  follower.running = run(follower)
}

async function stop(follower: Follower): Promise<void> {
  follower.stopping.abort()
  await follower.running
  for (const { tail } of follower.following.values()) await tail.close()
}

function createFollower(settings: FileSettings, tools: OpenTools, positionsFile: string) {
  const follower: Follower = {
    settings,
    tools,
    positionsFile,
    following: new Map(),
    known: new Map(),
    stopping: new AbortController(),
    told: new Set(),
    fresh: false,
    overflow: false,
    running: undefined,
  }

  return {
    start: () => start(follower),
    stop: () => stop(follower),
  }
}

async function open(settings: FileSettings, tools: OpenTools): Promise<Opened> {
  const folder = settings.positions ?? tools.directory
  if (folder === undefined) throw new OpenError('say with positions where it may keep how far files were read')
  const path = join(folder, `${tools.name}.positions.json`)
  const follower = createFollower(settings, tools, path)
  try {
    await follower.start()
  } catch (error) {
    throw new OpenError(`its positions ${path} cannot be used: ${(error as Error).message}`)
  }
  return follower
}

export const fileInput: OpenedInput<FileSettings> = {
  type: 'file',
  settings: FileSettings,
  problems: ({ paths }: FileSettings) =>
    paths.every(isAbsolute)
      ? []
      : [{ key: 'paths', message: 'must hold absolute paths: a service has no folder of its own' }],
  tokens: () => [],
  unpack,
  open,
}
