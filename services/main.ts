/**
 * The command line: one program with a subcommand for everything. It reads the environment, makes what the commands need,
 * and turns what they say into exit codes (see lib/errors.ts). Standard output holds results alone.
 */
import { Command, CommanderError } from 'commander'
import { DETECTORS } from '../detectors/registry.ts'
import type { AddCommand, CommandTools } from './commands/lib/command.ts'
import { EXIT, UsageError } from './lib/errors.ts'
import { addBackup } from './commands/backup/backup.ts'
import { addRestore } from './commands/backup/restore.ts'
import { addCheckConfig } from './commands/check-config/check-config.ts'
import { addAsk } from './commands/ask/ask.ts'
import { addAudit } from './commands/audit/audit.ts'
import { addCalibrate } from './commands/calibrate/calibrate.ts'
import { addLife } from './commands/calibrate/life-command.ts'
import { addDeadLetters } from './commands/dead-letters/dead-letters.ts'
import { addDemo } from './commands/demo/demo.ts'
import { addEvalAll } from './commands/eval-all/eval-all.ts'
import { addEval } from './commands/eval/eval.ts'
import { addForget } from './commands/forget/forget.ts'
import { addMapping } from './commands/mapping/mapping.ts'
import { addMove } from './commands/move/move.ts'
import { addOpenApi } from './commands/openapi/openapi.ts'
import { addProcesses } from './commands/process/process.ts'
import { addProve } from './commands/prove/prove.ts'
import { addReplay } from './commands/replay/replay.ts'
import { addSinks } from './commands/sinks/test.ts'
import { addStart } from './commands/start/start.ts'
import { addTokens } from './commands/tokens/tokens.ts'
import { codeVersion } from './lib/code-version.ts'
import { programVersion } from './lib/program-version.ts'

const tools: CommandTools = {
  terminal: {
    out: process.stdout,
    err: process.stderr,
    watched: process.stderr.isTTY,
    elapsed: () => performance.now(),
  },
  detection: async () => ({ detectors: DETECTORS, codeVersion: codeVersion() }),
  environment: process.env,
  variable: (name) => process.env[name],
  setTimeZone: (zone) => {
    process.env.TZ = zone
  },
  exit: (code) => {
    process.exitCode = code
  },
}

const COMMANDS: readonly AddCommand[] = [
  addStart,
  addProcesses,
  addMove,
  addCheckConfig,
  addBackup,
  addRestore,
  addForget,
  addReplay,
  addProve,
  addEval,
  addEvalAll,
  addCalibrate,
  addLife,
  addDemo,
  addAsk,
  addOpenApi,
  addSinks,
  addMapping,
  addDeadLetters,
  addTokens,
  addAudit,
]

function createProgram(): Command {
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
  for (const add of COMMANDS) add(program, tools)
  // Subcommands made by `command` copy the settings of their program; the program's own help is not a result either.
  return program
}

async function main(argv: readonly string[]): Promise<void> {
  try {
    await createProgram().parseAsync(argv)
  } catch (error) {
    // Commander has already said what was wrong, or printed the help that was asked for.
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
  process.exit(EXIT.ok)
})

// Nothing is known any more of what the process holds: it says why and ends, and its supervisor starts it again.
process.on('uncaughtException', (error: unknown) => {
  process.stderr.write(
    `a fault of moltwatch ended this process, please report it: ${(error as Error)?.stack ?? String(error)}\n`,
  )
  process.exit(EXIT.fault)
})

await main(process.argv)
