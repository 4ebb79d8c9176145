/** What an undisturbed run finds: the ids that `replay` gives, which has neither server nor log. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'

const MAIN = join(import.meta.dirname, '../../services/main.ts')

/** Sorted ids of the findings in these files. */
export async function replayFiles(files: readonly string[]): Promise<string[]> {
  const { stdout } = await promisify(execFile)(process.execPath, [MAIN, 'replay', ...files, '--json'], {
    maxBuffer: 1 << 28,
  })
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => (JSON.parse(line) as { id: string }).id)
    .sort()
}
