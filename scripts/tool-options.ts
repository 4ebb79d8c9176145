/**
 * Options of the tools of this repository: benches, faults, attacks and scripts. `--help` prints the comment at the head of the
 * tool, which says what it is for, and its options with their defaults. An option that it does not know ends it with exit code 2.
 */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs, type ParseArgsConfig } from 'node:util'

/** The comment that a file begins with, without its stars. */
function headOf(file: string): string {
  const [, head = ''] = /^\/\*\*([^]*?)\*\//.exec(readFileSync(file, 'utf8')) ?? []
  return head.replaceAll(/^ ?\* ?/gm, '').trim()
}

function helpOf(file: string, options: NonNullable<ParseArgsConfig['options']>): string {
  const lines = Object.entries(options).map(([name, { type, default: usual }]) => {
    const flag = `--${name}${type === 'string' ? ' VALUE' : ''}`
    return `  ${flag.padEnd(20)}${usual === undefined || usual === false ? '' : `default: ${String(usual)}`}`.trimEnd()
  })
  return [headOf(file), '', 'Options:', ...lines, '  --help', ''].join('\n')
}

/** What `parseArgs` reads for the tool at this URL. Ends the process for `--help` (0) and for wrong options (2). */
export function toolOptions<T extends ParseArgsConfig>(tool: string, config: T): ReturnType<typeof parseArgs<T>> {
  const file = fileURLToPath(tool)
  if (process.argv.slice(2).includes('--help')) {
    process.stdout.write(helpOf(file, config.options ?? {}))
    process.exit(0)
  }
  try {
    return parseArgs(config)
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\nSee --help.\n`)
    process.exit(2)
  }
}
