/** What an undisturbed run makes of files, told by `replay`, which has neither server nor log. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'

const MAIN = join(import.meta.dirname, '../../services/main.ts')

export interface Replayed {
  readonly events: number
  /** Ids of the findings, sorted. */
  readonly findings: readonly string[]
}

/** Throws where a record of the files is no event: then nobody could tell what a run has lost. */
export async function replay(files: readonly string[]): Promise<Replayed> {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [MAIN, 'replay', ...files, '--json'], {
    maxBuffer: 1 << 28,
  })
  const ids = stdout.split('\n').flatMap((line) => (line === '' ? [] : [(JSON.parse(line) as { id: string }).id]))
  const { events, rejected } = JSON.parse(stderr.trim().split('\n').at(-1) ?? '') as {
    events: number
    rejected: number
  }
  if (rejected > 0) throw new Error(`${rejected} records of the load are no events: it cannot tell what is lost`)
  return { events, findings: ids.sort() }
}

/** Sorted ids of the findings in these files. */
export const replayFiles = async (files: readonly string[]): Promise<readonly string[]> =>
  (await replay(files)).findings
