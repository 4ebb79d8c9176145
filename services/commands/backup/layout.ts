/**
 * What a backup is on the disk:
 *
 *   backup.json                  what it holds and who made it, written last
 *   log/log.sqlite               the log as one transaction saw it
 *   warehouse/                   a directory that ClickHouse opens; absent in a backup without it
 *   master-key, admin-token
 *   moltwatch.yaml, agents.yaml, tenants/, lists/   the configuration and the files beside it; absent where none was named
 *
 * The warehouse is taken before the log, so that it never holds more than the log that it is filled from.
 */
import Type, { type Static } from 'typebox'

export const MANIFEST = 'backup.json'
export const BACKUP_FORMAT = 1
export const CONFIGURATION = 'moltwatch.yaml'
export const SECRET_FILES = ['master-key', 'admin-token'] as const

export const Manifest = Type.Object({
  format: Type.Literal(BACKUP_FORMAT),
  /** Of moltwatch, for people. */
  version: Type.String(),
  /** When it was begun, ISO 8601. */
  time: Type.String(),
  log_bytes: Type.Integer({ minimum: 0 }),
  /** Absent where the backup has no warehouse. */
  warehouse_files: Type.Optional(Type.Integer({ minimum: 0 })),
  /** Of the configuration; absent where none was named. */
  configuration_files: Type.Optional(Type.Integer({ minimum: 1 })),
})
export type Manifest = Static<typeof Manifest>
