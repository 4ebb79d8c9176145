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
      /** Where these paths stand, in their order. */
      locate(paths: readonly ConfigPath[]): Promise<readonly Position[]>
    }
  /** Line 0: the file as a whole. */
  | { readonly ok: false; readonly problems: readonly YamlProblem[] }

/** `bytesMax`: of this file; none may be larger than YAML_LIMITS says. */
export type YamlReader = (path: string, bytesMax?: number) => Promise<YamlFile>

const THREAD = new URL('thread.ts', import.meta.url)

const refused = (message: string): YamlFile => ({ ok: false, problems: [{ line: 0, column: 0, message }] })

/** Reads the text in a thread of its own, and asks it where `paths` stand. */
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
      const refuse = (why: string): void => end(refused(`${why}: split it up, or leave out what is not needed`))
      const file = (): YamlFile => ({ ok: true, value, locate: (asked) => positionsIn(text, asked, readMs) })
      thread.on('message', (answer: ThreadAnswer) => {
        if (answer.kind === 'begun') {
          timer = setTimeout(() => refuse(`takes more than ${readMs / 1_000} s to read`), readMs)
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
        if (error.code === 'ERR_WORKER_OUT_OF_MEMORY') refuse(`takes more than ${YAML_LIMITS.heap_mb_max} MB to read`)
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

/** Makes a reader that remembers what it has read. `readMs`: for one file, from when its thread has begun. */
export function createYamlReader({ readMs = YAML_LIMITS.read_ms_max }: { readonly readMs?: number } = {}): YamlReader {
  const known = new Map<string, { readonly mark: string; readonly file: YamlFile }>()
  return async (path, bytesMax = YAML_LIMITS.file_bytes_max) => {
    try {
      const { size, mtimeNs, ino } = await stat(path, { bigint: true })
      const mark = `${size} ${mtimeNs} ${ino}`
      const held = known.get(path)
      if (held?.mark === mark) return held.file
      const isLarge = size > BigInt(bytesMax)
      const read = isLarge
        ? refused(`has more than ${bytesMax} bytes: split it up, or leave out what is not needed`)
        : await inThread(await readFile(path, 'utf8'), [], readMs)
      const file = remembering(read)
      known.set(path, { mark, file })
      return file
    } catch (error) {
      known.delete(path)
      const code = (error as NodeJS.ErrnoException).code
      if (code === undefined) throw error
      return refused(`cannot be read: ${code}`)
    }
  }
}
