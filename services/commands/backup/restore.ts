/** `restore`: makes a data directory from a backup. Nothing that is there is written over. */
import { cp, readdir, readFile, rename, rm } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { Value } from 'typebox/value'
import { ensureDirectory } from '../../lib/directory.ts'
import type { AddCommand, CommandTools } from '../lib/command.ts'
import { UsageError } from '../../lib/errors.ts'
import { print } from '../lib/terminal.ts'
import { CONFIGURATION, MANIFEST, Manifest } from './layout.ts'

interface RestoreOptions {
  readonly data: string
  readonly json?: true
}

async function manifestOf(directory: string): Promise<Manifest> {
  const file = join(directory, MANIFEST)
  let value: unknown
  try {
    value = JSON.parse(await readFile(file, 'utf8'))
  } catch (error) {
    throw new UsageError(`${file} cannot be read: ${(error as Error).message}. Is ${directory} a backup of moltwatch?`)
  }
  if (Value.Check(Manifest, value)) return value
  throw new UsageError(`${file} is not of a form that this version knows: restore it with the version that made it`)
}

async function restore(given: string, options: RestoreOptions, tools: CommandTools): Promise<void> {
  const source = resolve(given)
  const data = resolve(options.data)
  const manifest = await manifestOf(source)
  const there = await readdir(data).catch(() => [])
  if (there.length > 0)
    throw new UsageError(`${data} is not empty: name a directory that does not exist yet with --data`)
  const part = `${data}.part`
  try {
    await ensureDirectory(dirname(data), 0o700)
    await rm(part, { recursive: true, force: true })
    await ensureDirectory(part, 0o700)
    const entries = (await readdir(source)).filter((name) => name !== MANIFEST)
    for (const name of entries) {
      await cp(join(source, name), join(part, name), {
        recursive: true,
        verbatimSymlinks: true,
        preserveTimestamps: true,
      })
    }
    await rm(data, { recursive: true, force: true })
    await rename(part, data)
  } catch (error) {
    await rm(part, { recursive: true, force: true })
    throw new UsageError(`the backup could not be restored to ${data}: ${(error as Error).message}`)
  }
  if (options.json === true) return print(tools.terminal, JSON.stringify({ data, ...manifest }))
  const config = manifest.configuration_files === undefined ? '' : ` --config ${join(data, CONFIGURATION)}`
  await print(tools.terminal, `${data} holds what was there at ${manifest.time}: npm start -- --data ${data}${config}`)
}

export const addRestore: AddCommand = (program, tools) => {
  program
    .command('restore')
    .description('make a data directory from a backup')
    .argument('<backup>', 'directory that backup made')
    .option('--data <dir>', 'data directory to make; must not exist yet, or be empty', '.moltwatch')
    .option('--json', 'print what was restored as JSON')
    .action((directory: string, options: RestoreOptions) => restore(directory, options, tools))
}
