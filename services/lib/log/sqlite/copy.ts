/**
 * Copies the database while another process writes it. VACUUM INTO reads inside one transaction, which sees one moment of
 * the log and stops no writer. SQLite's page-wise backup would restart with every append of the other process.
 */
import { existsSync, mkdirSync, statSync } from 'node:fs'
import { chmod } from 'node:fs/promises'
import { DatabaseSync } from 'node:sqlite'
import { databaseFile } from './database.ts'

/** Whether a directory holds a log. */
export const holdsLog = (directory: string): boolean => existsSync(databaseFile(directory))

export type CopyOutcome =
  | { readonly ok: true; readonly bytes: number }
  | { readonly ok: false; readonly reason: string }

/**
 * Copies the log of one directory into another, which it creates, and checks the copy; `ok: false` if the log is damaged.
 * Throws the system's or SQLite's error if it cannot be read or written.
 */
export async function copyLog(from: string, to: string): Promise<CopyOutcome> {
  const copy = databaseFile(to)
  mkdirSync(to, { mode: 0o700 })
  const source = new DatabaseSync(databaseFile(from), { readOnly: true, timeout: 5_000 })
  try {
    source.prepare('VACUUM INTO ?').run(copy)
  } finally {
    source.close()
  }
  await chmod(copy, 0o600)
  const check = new DatabaseSync(copy, { readOnly: true })
  try {
    const verdict = Object.values(check.prepare('PRAGMA quick_check(1)').get() ?? {})[0]
    return verdict === 'ok' ? { ok: true, bytes: statSync(copy).size } : { ok: false, reason: String(verdict) }
  } finally {
    check.close()
  }
}
