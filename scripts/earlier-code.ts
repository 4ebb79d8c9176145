/**
 * The code of an earlier state beside that of the working directory, for scripts that compare the two. A state is a commit,
 * which is checked out into a temporary directory and runs with the packages of the working directory, or a directory that
 * holds a checkout with packages of its own: older code may need those.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

/** The working directory's own checkout. */
export const HERE = resolve(import.meta.dirname, '..')

const git = (root: string, ...words: readonly string[]): string =>
  execFileSync('git', ['-C', root, ...words], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()

/** Short name of the commit of a checkout, with `-dirty` if files differ from it. */
export const stateOf = (root: string): string => git(root, 'describe', '--always', '--dirty')

/** Calls `work` with the root of a checkout of the earlier state; a temporary one is removed when `work` has ended. */
export async function withEarlierCode<T>(state: string, work: (root: string) => Promise<T>): Promise<T> {
  if (existsSync(join(state, 'package.json'))) return work(resolve(state))
  const room = mkdtempSync(join(tmpdir(), 'moltwatch-compare-'))
  const root = join(room, 'before')
  try {
    git(HERE, 'worktree', 'add', '--detach', root, state)
    symlinkSync(join(HERE, 'node_modules'), join(root, 'node_modules'))
    return await work(root)
  } finally {
    git(HERE, 'worktree', 'remove', '--force', root)
    rmSync(room, { recursive: true, force: true })
  }
}
