/**
 * The command line: one program with a subcommand for everything. It reads the environment, makes what the commands need,
 * and turns what they say into exit codes (see lib/errors.ts). Standard output holds results alone.
 */
import { enableCompileCache } from 'node:module'
import { fileURLToPath } from 'node:url'
import { Command, CommanderError } from 'commander'
import type { AddCommand, CommandTools } from './commands/lib/command.ts'
import { EXIT, UsageError } from './lib/errors.ts'
import { loadCommands } from './commands/registry.ts'
import { codeVersion } from './lib/code-version.ts'
import { endProcess } from './commands/lib/end-process.ts'
import { programVersion } from './lib/program-version.ts'

const tools: CommandTools = {
  terminal: {
    out: process.stdout,
    err: process.stderr,
    watched: process.stderr.isTTY,
    elapsed: () => performance.now(),
  },
  detection: async () => {
    const { DETECTORS } = await import('../detectors/registry.ts')
    return { detectors: DETECTORS, codeVersion: codeVersion() }
  },
  environment: process.env,
  variable: (name) => process.env[name],
  setTimeZone: (zone) => {
    process.env.TZ = zone
  },
  exit: (code) => {
    process.exitCode = code
  },
  end: endProcess,
}

// Where only its owner can write: code from a directory that all share could be somebody else's. Where the installation cannot
// be written to, nothing is kept. Threads learn of it from the environment alone.
process.env['NODE_COMPILE_CACHE'] ??= fileURLToPath(new URL('../node_modules/.cache/moltwatch/', import.meta.url))
enableCompileCache(process.env['NODE_COMPILE_CACHE'])

function createProgram(commands: readonly AddCommand[]): Command {
  const program = new Command('moltwatch')
    .version(programVersion(), '--version', 'print the version')
    .description('streaming anomaly detection over the audit logs of AI agents')
    .addHelpText(
      'after',
      '\nExit codes: 0 done, 1 what was to hold does not hold, 2 wrong usage or unreadable input, 70 a fault of moltwatch.',
    )
    .showHelpAfterError('(add --help for usage)')
    .exitOverride()
    .configureOutput({ writeOut: (text) => process.stdout.write(text), writeErr: (text) => process.stderr.write(text) })
  for (const add of commands) add(program, tools)
  // Subcommands made by `command` copy the settings of their program; the program's own help is not a result either.
  return program
}

async function main(argv: readonly string[]): Promise<void> {
  try {
    await createProgram(await loadCommands(argv[2])).parseAsync(argv)
  } catch (error) {
    // Commander has already reported the error, or printed the requested help.
    if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.usage
    else if (error instanceof UsageError) {
      process.stderr.write(`${error.message}\n`)
      process.exitCode = EXIT.usage
    } else {
      process.stderr.write(`a fault of moltwatch, please report it: ${(error as Error)?.stack ?? String(error)}\n`)
      process.exitCode = EXIT.fault
    }
  }
}

// A reader that has seen enough (`| head`) closes the pipe: that is not an error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  endProcess(EXIT.ok)
})

// Nothing is known any more of what the process holds: it says why and ends, and its supervisor starts it again.
process.on('uncaughtException', (error: unknown) => {
  process.stderr.write(
    `a fault of moltwatch ended this process, please report it: ${(error as Error)?.stack ?? String(error)}\n`,
  )
  endProcess(EXIT.fault)
})

await main(process.argv)
