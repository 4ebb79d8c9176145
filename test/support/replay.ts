/** What an undisturbed run makes of files, told by `replay`, which has neither server nor log. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { DETECTORS } from '../../detectors/registry.ts'
import { EVENT_COLUMNS } from '../../schemas/event.ts'
import { detect } from '../../services/commands/detection/index.ts'
import { importFiles } from '../../services/commands/import/import.ts'
import { packRows, rowsIn } from '../../services/commands/import/packed.ts'
import { codeVersion } from '../../services/lib/code-version.ts'

const MAIN = join(import.meta.dirname, '../../services/main.ts')

export interface Replayed {
  readonly events: number
  /** Ids of the findings, sorted. */
  readonly findings: readonly string[]
}

function expectWhole(rejected: number): void {
  if (rejected > 0) throw new Error(`${rejected} records of the load are no events: it cannot tell what is lost`)
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
  expectWhole(rejected)
  return { events, findings: ids.sort() }
}

const HISTORY = EVENT_COLUMNS.findIndex(({ name }) => name === 'history')

const asHistory = (block: Buffer): Buffer => packRows(rowsIn(block).map((row) => row.with(HISTORY, 1)))

/** The same where some files are sent as history: what is found in history has ids of its own, and is told to nobody. */
export async function replayBoth(
  files: Readonly<Record<'history' | 'live', readonly string[]>>,
): Promise<Replayed & { readonly told: readonly string[] }> {
  const [past, live] = [await importFiles(files.history, 'auto'), await importFiles(files.live, 'auto')]
  expectWhole(past.rejected + live.rejected)
  const both = {
    ...live.spool,
    *blocks() {
      for (const block of past.spool.blocks()) yield asHistory(block)
      yield* live.spool.blocks()
    },
  }
  const { findings } = await detect(both, { detectors: DETECTORS, codeVersion: codeVersion() })
  const told = findings.filter(({ history }) => !history).map(({ id }) => id)
  const ids = findings.map(({ id }) => id)
  return { events: past.spool.count + live.spool.count, findings: ids.sort(), told: told.sort() }
}

/** Sorted ids of the findings in these files. */
export const replayFiles = async (files: readonly string[]): Promise<readonly string[]> =>
  (await replay(files)).findings
