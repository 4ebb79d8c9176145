/**
 * `backup`: copies a data directory, whether or not its service runs. The process that has the warehouse open freezes it.
 * The log is copied after the warehouse, as of one moment.
 */
import { randomUUID } from 'node:crypto'
import { copyFile, mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { systemClock } from '../../lib/clock.ts'
import { agentFiles } from '../../lib/config/agents.ts'
import { tenantFiles } from '../../lib/config/tenants.ts'
import { findLeakFiles } from '../../lib/lists/find.ts'
import { copyLog, holdsLog } from '../../lib/log/sqlite/copy.ts'
import { lockDirectory } from '../../lib/log/sqlite/database.ts'
import { createLogger } from '../../lib/logger.ts'
import { createMetrics } from '../../lib/metrics.ts'
import { copyFrozen } from '../../lib/warehouse/frozen.ts'
import { openWarehouse } from '../../lib/warehouse/index.ts'
import { programVersion } from '../../lib/program-version.ts'
import type { AddCommand, CommandTools } from '../lib/command.ts'
import { UsageError } from '../../lib/errors.ts'
import { print, say } from '../lib/terminal.ts'
import { askToFreeze } from '../../roles/local-socket.ts'
import { BACKUP_FORMAT, CONFIGURATION, MANIFEST, type Manifest, SECRET_FILES } from './layout.ts'

interface BackupOptions {
  readonly data: string
  readonly config?: string
  readonly warehouse: boolean
  readonly json?: true
}

/** Throws UsageError where something is there already. */
async function requireFree(target: string): Promise<void> {
  const entries = await readdir(target).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw new UsageError(`${target} cannot be used (${error.code}): name a directory that does not exist yet`)
  })
  if (entries.length > 0) throw new UsageError(`${target} is not empty: name a directory that does not exist yet`)
}

/** Opens the warehouse of a service that does not run, for as long as it takes to freeze it. */
async function freezeHere(data: string, name: string): Promise<void> {
  const tools = { logger: createLogger('silent'), metrics: createMetrics() }
  const warehouse = openWarehouse({ kind: 'chdb', path: join(data, 'warehouse') }, tools)
  try {
    const { state, reason } = await warehouse.settled()
    if (state !== 'up') throw new UsageError(`the warehouse cannot be read: ${reason}`)
    await warehouse.freeze(name)
  } finally {
    await warehouse.close()
  }
}

/** The number of warehouse files in the copy; undefined if there is no warehouse. */
async function copyWarehouse(data: string, target: string): Promise<number | undefined> {
  const warehouse = join(data, 'warehouse')
  if (!(await stat(join(warehouse, 'store')).catch(() => undefined))?.isDirectory()) return undefined
  const name = `backup${randomUUID().replaceAll('-', '')}`
  const asked = await askToFreeze(data, name)
  if (asked.kind === 'refused') {
    throw new UsageError(
      `the warehouse cannot be copied: ${asked.reason}. Without it (--no-warehouse) lists reach back as far as the log`,
    )
  }
  try {
    if (asked.kind === 'nobody') await freezeHere(data, name)
    return await copyFrozen(warehouse, name, join(target, 'warehouse'))
  } finally {
    await rm(join(warehouse, 'shadow', name), { recursive: true, force: true })
  }
}

/** Copies the log and gives its size in bytes. */
async function takeLog(data: string, target: string): Promise<number> {
  if (!holdsLog(join(data, 'log'))) {
    throw new UsageError(`${data} holds no log of moltwatch: name its data directory with --data`)
  }
  const outcome = await copyLog(join(data, 'log'), join(target, 'log'))
  if (!outcome.ok) throw new UsageError(`the log is damaged: ${outcome.reason}. Nothing was kept`)
  return outcome.bytes
}

/** If no service runs, keeps one from starting meanwhile; the result releases it. */
function holdWhereFree(data: string): () => void {
  try {
    const lock = lockDirectory(join(data, 'log'))
    return lock.release
  } catch {
    return () => undefined
  }
}

/** Copies the configuration with the files beside it that the service reads; gives their number. */
async function copyConfiguration(config: string, target: string): Promise<number> {
  const { base, tenants } = await findLeakFiles(config)
  const settings = await tenantFiles(config)
  const agents = await agentFiles(config)
  const beside = [...base, ...[...tenants.values()].flat(), ...[...settings.values()].flat(), ...agents]
  await copyFile(config, join(target, CONFIGURATION))
  for (const file of beside) {
    const copy = join(target, relative(dirname(config), file))
    await mkdir(dirname(copy), { recursive: true, mode: 0o700 })
    await copyFile(file, copy)
  }
  return 1 + beside.length
}

async function copyAll(options: BackupOptions, part: string): Promise<Manifest> {
  const { data, config } = options
  const time = new Date(systemClock.now()).toISOString()
  const files = options.warehouse ? await copyWarehouse(data, part) : undefined
  const bytes = await takeLog(data, part)
  for (const secret of SECRET_FILES) {
    await copyFile(join(data, secret), join(part, secret)).catch((error: NodeJS.ErrnoException) => {
      // A token may be handed in, and then there is no file of it.
      if (error.code !== 'ENOENT' || secret === 'master-key') throw error
    })
  }
  const configurationFiles = config === undefined ? undefined : await copyConfiguration(config, part)
  const manifest: Manifest = {
    format: BACKUP_FORMAT,
    version: programVersion(),
    time,
    log_bytes: bytes,
    ...(files === undefined ? {} : { warehouse_files: files }),
    ...(configurationFiles === undefined ? {} : { configuration_files: configurationFiles }),
  }
  await writeFile(join(part, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`, { mode: 0o600, flush: true })
  return manifest
}

async function backup(given: string, options: BackupOptions, tools: CommandTools): Promise<void> {
  const target = resolve(given)
  const data = resolve(options.data)
  await requireFree(target)
  const part = `${target}.part`
  await rm(part, { recursive: true, force: true })
  await mkdir(part, { recursive: true, mode: 0o700 })
  const release = holdWhereFree(data)
  try {
    const manifest = await copyAll({ ...options, data }, part)
    await rm(target, { recursive: true, force: true })
    await rename(part, target)
    if (options.json === true) return await print(tools.terminal, JSON.stringify({ directory: target, ...manifest }))
    const lists = manifest.warehouse_files === undefined ? ', without the warehouse' : ''
    await print(tools.terminal, `${target} holds ${basename(data)} as of ${manifest.time}${lists}`)
    say(tools.terminal, 'It holds the master key and what agents did: keep it as you keep the data directory.')
  } catch (error) {
    await rm(part, { recursive: true, force: true })
    const { code, message } = error as NodeJS.ErrnoException
    if (error instanceof UsageError || code === undefined) throw error
    throw new UsageError(`the backup could not be written: ${message}`)
  } finally {
    release()
  }
}

export const addBackup: AddCommand = (program, tools) => {
  program
    .command('backup')
    .description('copy the data directory, while its service runs or while none does')
    .argument('<directory>', 'where to; must not exist yet')
    .option('--data <dir>', 'data directory', '.moltwatch')
    .option('--config <file>', 'keep this configuration file with it, and agents.yaml, tenants/ and lists/ beside it')
    .option('--no-warehouse', 'leave out the warehouse: it is filled again from the log, as far as that reaches')
    .option('--json', 'print what it holds as JSON')
    .action((directory: string, options: BackupOptions) => backup(directory, options, tools))
}
