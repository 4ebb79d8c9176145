/**
 * Reads YAML files off the main thread, each within a size and a time. A file that has not changed since is not read again,
 * so that a reader can be asked every second.
 */
import { readFile, stat } from 'node:fs/promises'
import { Worker } from 'node:worker_threads'
import type { ConfigPath, Position } from '../config/problems.ts'
import { YAML_LIMITS } from './limits.ts'
import type { YamlProblem } from './parse.ts'
import type { ThreadAnswer } from './thread.ts'

export type YamlFile =
  | {
      readonly ok: true
      /** The same object as long as the file is the same. */
      readonly value: unknown
      /** Where these paths are, in their order. */
      locate(paths: readonly ConfigPath[]): Promise<readonly Position[]>
    }
  | {
      readonly ok: false
      /** Line 0: the file as a whole. */
      readonly problems: readonly YamlProblem[]
      /** Whether time ran out: then nothing is known of the file. */
      readonly isLate?: true
    }

/** `bytesMax`: of this file; none may be larger than YAML_LIMITS says. */
export type YamlReader = (path: string, bytesMax?: number) => Promise<YamlFile>

const THREAD = new URL('thread.ts', import.meta.url)

const refused = (message: string): YamlFile => ({ ok: false, problems: [{ line: 0, column: 0, message }] })

/** Reads the text in a separate thread, and asks it where `paths` are. */
async function inThread(
  text: string,
  paths: readonly ConfigPath[],
  readMs: number,
): Promise<YamlFile & { positions: readonly Position[] }> {
  const thread = new Worker(THREAD, {
    workerData: text,
    resourceLimits: { maxOldGenerationSizeMb: YAML_LIMITS.heap_mb_max },
  })
  let timer: NodeJS.Timeout | undefined
  try {
    return await new Promise((resolve, reject) => {
      let value: unknown
      const end = (file: YamlFile, positions: readonly Position[] = []): void => resolve({ ...file, positions })
      const tooMuch = (why: string): YamlFile => refused(`${why}: split it up, or leave out what is not needed`)
      const file = (): YamlFile => ({ ok: true, value, locate: (asked) => positionsIn(text, asked, readMs) })
      thread.on('message', (answer: ThreadAnswer) => {
        if (answer.kind === 'begun') {
          const late = { ...tooMuch(`takes more than ${readMs / 1_000} s to read`), isLate: true as const }
          timer = setTimeout(() => end(late), readMs)
        } else if (answer.kind === 'problems') {
          end({ ok: false, problems: answer.problems })
        } else if (answer.kind === 'positions') {
          end(file(), answer.positions)
        } else {
          value = answer.value
          if (paths.length === 0) end(file())
          else thread.postMessage(paths, [])
        }
      })
      thread.on('error', (error: NodeJS.ErrnoException) => {
        if (error.code === 'ERR_WORKER_OUT_OF_MEMORY')
          end(tooMuch(`takes more than ${YAML_LIMITS.heap_mb_max} MB to read`))
        else reject(error)
      })
      thread.on('exit', () => reject(new Error('the thread that reads YAML has ended')))
    })
  } finally {
    clearTimeout(timer)
    void thread.terminate()
  }
}

const positionsIn = async (text: string, paths: readonly ConfigPath[], readMs: number): Promise<readonly Position[]> =>
  paths.length === 0 ? [] : (await inThread(text, paths, readMs)).positions

/** Asks the thread once for each path. */
function remembering(file: YamlFile): YamlFile {
  if (!file.ok) return file
  const known = new Map<string, Position>()
  const nowhere = { line: 0, column: 0 }
  return {
    ...file,
    async locate(paths) {
      const fresh = paths.filter((path) => !known.has(JSON.stringify(path)))
      for (const [i, position] of (await file.locate(fresh)).entries()) known.set(JSON.stringify(fresh[i]), position)
      return paths.map((path) => known.get(JSON.stringify(path)) ?? nowhere)
    },
  }
}

interface ReaderTimes {
  /** For one file, from when its thread has begun. */
  readonly readMs?: number
  /** How soon a file that took longer is tried again though it has not changed. */
  readonly retryMs?: number
}

/** Makes a reader that remembers what it has read. */
export function createYamlReader(times: ReaderTimes = {}): YamlReader {
  const { readMs = YAML_LIMITS.read_ms_max, retryMs = YAML_LIMITS.retry_ms } = times
  const known = new Map<string, { readonly mark: string; readonly file: YamlFile; readonly until: number }>()
  return async (path, bytesMax = YAML_LIMITS.file_bytes_max) => {
    try {
      const { size, mtimeNs, ino } = await stat(path, { bigint: true })
      const mark = `${size} ${mtimeNs} ${ino}`
      const held = known.get(path)
      if (held?.mark === mark && performance.now() < held.until) return held.file
      const isLarge = size > BigInt(bytesMax)
      const read = isLarge
        ? refused(`has more than ${bytesMax} bytes: split it up, or leave out what is not needed`)
        : await inThread(await readFile(path, 'utf8'), [], readMs)
      const file = remembering(read)
      known.set(path, { mark, file, until: 'isLate' in read ? performance.now() + retryMs : Infinity })
      return file
    } catch (error) {
      known.delete(path)
      const code = (error as NodeJS.ErrnoException).code
      if (code === undefined) throw error
      return refused(`cannot be read: ${code}`)
    }
  }
}
