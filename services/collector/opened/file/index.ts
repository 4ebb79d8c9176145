/**
 * Files that are followed, as `tail -F` does, and durably: the position of a file is written when the log holds what stands
 * before it. After a crash the last lines are read again and become the same events: a record without an id of its own is
 * unique by its file and its byte. A file that was renamed is read to its end; one that was cut short or written anew is
 * read from its beginning.
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

/** Where a file with a position lies now: a rotation may have renamed it while nobody looked. */
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

function createFollower(settings: FileSettings, tools: OpenTools, positionsFile: string) {
  const { paths, begin, format, plain } = settings
  const { logger } = tools
  const following = new Map<string, Following>()
  /** Positions of files that are not open. */
  const known = new Map<string, Position>()
  const stopping = new AbortController()
  const told = new Set<string>()
  let fresh = false
  let overflow = false

  const once = (key: string, tell: () => void): void => {
    if (told.has(key) || told.size >= COLLECTOR_LIMITS.tail_files_max) return
    told.add(key)
    tell()
  }

  async function save(): Promise<void> {
    const open = [...following.values()].map(({ tail }) => tail.position())
    await writePositions(positionsFile, [...known.values(), ...open])
  }

  async function follow(path: string, position: Position | undefined, from: 'start' | 'end'): Promise<void> {
    try {
      const tail = await openTail(path, position, from)
      known.delete(tail.file)
      following.set(tail.file, { tail, gone: 0 })
    } catch (error) {
      once(path, () => logger.error({ path, reason: (error as Error).message }, 'a file cannot be followed'))
    }
  }

  /** Opens what is new, and notes what has moved or gone. */
  async function look(first: boolean): Promise<void> {
    const files = await found(paths)
    if (files.length > COLLECTOR_LIMITS.tail_files_max && !overflow) {
      overflow = true
      logger.error({ files_max: COLLECTOR_LIMITS.tail_files_max }, 'the patterns fit more files than are followed')
    }
    const here = new Set<string>()
    for (const path of files.slice(0, COLLECTOR_LIMITS.tail_files_max)) {
      const info = await stat(path, { bigint: true }).catch(() => undefined)
      if (info?.isFile() !== true) continue
      const file = fileOf(info)
      here.add(file)
      const open = following.get(file)
      if (open !== undefined) open.tail.moved(path)
      else await follow(path, known.get(file), first && fresh ? begin : 'start')
    }
    for (const [file, one] of following) one.gone = here.has(file) ? 0 : one.gone + 1
  }

  /** What was rotated away while nobody looked is read to its end. */
  async function findMoved(): Promise<void> {
    for (const position of known.values()) {
      const path = await whereIs(position)
      if (path !== undefined) await follow(path, position, 'start')
      else {
        known.delete(position.file)
        tools.drop('lost')
        logger.warn({ path: position.path }, 'a file is gone that may not have been read to its end')
      }
    }
  }

  /** Takes what is new of one file, up to some bodies. */
  async function advance({ tail }: Following): Promise<boolean> {
    let moved = false
    for (let n = 0; n < COLLECTOR_LIMITS.tail_bodies_per_turn && !stopping.signal.aborted; n++) {
      const before = tail.truncations()
      const chunk = await tail.read()
      if (tail.truncations() > before)
        logger.warn({ path: tail.position().path }, 'a file was cut short; it is read from its beginning')
      if (chunk === undefined) return moved
      if (chunk.tooLong > 0) tools.drop('too_long', chunk.tooLong)
      const { file, first, path } = tail.position()
      const params = { format, plain, file: `${file}:${first}`, path, offset: String(chunk.offset) }
      if (chunk.body.length > 0) await tools.take(chunk.body, params, tools.sender)
      tail.settle(chunk.next)
      await save()
      moved = true
    }
    return moved
  }

  async function round(): Promise<void> {
    await look(false)
    for (const [file, one] of following) {
      const moved = await advance(one)
      if (moved) one.gone = 0
      if (one.gone < COLLECTOR_LIMITS.tail_gone_rounds) continue
      following.delete(file)
      await one.tail.close()
      await save()
    }
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        await round()
      } catch (error) {
        if (!stopping.signal.aborted) logger.error({ err: error }, 'files cannot be followed at the moment')
      }
      await wait(COLLECTOR_LIMITS.tail_every_ms, undefined, { signal: stopping.signal }).catch(() => undefined)
    }
  }

  let running: Promise<void> | undefined
  return {
    async start(): Promise<void> {
      const positions = await readPositions(positionsFile)
      fresh = positions === undefined
      for (const position of positions ?? []) known.set(position.file, position)
      await look(true)
      await findMoved()
      await save()
      running = run()
    },
    async stop(): Promise<void> {
      stopping.abort()
      await running
      for (const { tail } of following.values()) await tail.close()
    },
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
