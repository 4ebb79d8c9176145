/**
 * Every command of the program, one line each. A command's code is loaded on demand: the whole service takes seconds to
 * load, and `moltwatch tokens list` needs none of it.
 */
import type { AddCommand } from './lib/command.ts'

interface CommandModule {
  /** What a person types first; the module adds exactly these to the program. */
  readonly names: readonly string[]
  readonly load: () => Promise<AddCommand>
}

/** In the order in which the help lists them. */
export const COMMANDS: readonly CommandModule[] = [
  { names: ['start'], load: async () => (await import('./start/start.ts')).addStart },
  {
    names: ['collector', 'detector', 'archiver', 'responder', 'api'],
    load: async () => (await import('./process/process.ts')).addProcesses,
  },
  { names: ['move'], load: async () => (await import('./move/move.ts')).addMove },
  { names: ['check-config'], load: async () => (await import('./check-config/check-config.ts')).addCheckConfig },
  { names: ['backup'], load: async () => (await import('./backup/backup.ts')).addBackup },
  { names: ['restore'], load: async () => (await import('./backup/restore.ts')).addRestore },
  { names: ['forget'], load: async () => (await import('./forget/forget.ts')).addForget },
  { names: ['replay'], load: async () => (await import('./replay/replay.ts')).addReplay },
  { names: ['prove'], load: async () => (await import('./prove/prove.ts')).addProve },
  { names: ['eval'], load: async () => (await import('./eval/eval.ts')).addEval },
  { names: ['eval-all'], load: async () => (await import('./eval-all/eval-all.ts')).addEvalAll },
  { names: ['calibrate'], load: async () => (await import('./calibrate/calibrate.ts')).addCalibrate },
  { names: ['life'], load: async () => (await import('./calibrate/life-command.ts')).addLife },
  { names: ['demo'], load: async () => (await import('./demo/demo.ts')).addDemo },
  {
    names: ['findings', 'incidents', 'coverage', 'tail', 'show', 'explain'],
    load: async () => (await import('./ask/ask.ts')).addAsk,
  },
  { names: ['openapi'], load: async () => (await import('./openapi/openapi.ts')).addOpenApi },
  { names: ['sinks'], load: async () => (await import('./sinks/test.ts')).addSinks },
  { names: ['mapping'], load: async () => (await import('./mapping/mapping.ts')).addMapping },
  { names: ['dead-letters'], load: async () => (await import('./dead-letters/dead-letters.ts')).addDeadLetters },
  { names: ['thresholds'], load: async () => (await import('./thresholds/thresholds.ts')).addThresholds },
  { names: ['tokens'], load: async () => (await import('./tokens/tokens.ts')).addTokens },
  { names: ['suppressions'], load: async () => (await import('./suppressions/suppressions.ts')).addSuppressions },
  { names: ['commands'], load: async () => (await import('./outcomes/outcomes.ts')).addOutcomes },
  { names: ['audit'], load: async () => (await import('./audit/audit.ts')).addAudit },
]

/** Loads what this command line needs: one module where its first word names a command, and all of them for the help. */
export function loadCommands(first: string | undefined): Promise<AddCommand[]> {
  const named = COMMANDS.filter(({ names }) => first !== undefined && names.includes(first))
  return Promise.all((named.length > 0 ? named : COMMANDS).map(({ load }) => load()))
}
