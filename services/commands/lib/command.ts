/** What every command is built from: the parts that differ between a real run and a test are handed in. */
import type { Command } from 'commander'
import { Option } from 'commander'
import { FORMAT_IDS } from '../../collector/formats/registry.ts'
import type { DetectionOptions } from '../detection/index.ts'
import type { Terminal } from './terminal.ts'

export interface CommandTools {
  readonly terminal: Terminal
  /** The registry and the version of the code; asked for only when a command needs it. */
  detection(): Promise<DetectionOptions>
  /** What of the environment commands may know; `main.ts` alone reads it. */
  readonly environment: { readonly MOLTWATCH_TOKEN?: string; readonly MOLTWATCH_MASTER_KEY?: string }
  /** An environment variable that the configuration file names, for secrets that are not in it. */
  variable(name: string): string | undefined
  /** Makes the process live in another time zone, by its IANA name. */
  setTimeZone(zone: string): void
  /** How the process ends when the command has returned. */
  exit(code: number): void
  /** Ends the process at once, whatever still runs in it. */
  end(code: number): void
}

export type AddCommand = (program: Command, tools: CommandTools) => void

export const formatOption = (): Option =>
  new Option('--format <format>', 'what the files hold').choices(['auto', ...FORMAT_IDS]).default('auto')

export const filesHelp =
  'files, directories, patterns or - for standard input; plain, gzip or zstd: OTLP, CloudTrail or another format of docs/formats.md'
