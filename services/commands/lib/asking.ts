/** What the commands that ask a running service have in common: their options, their client, and an end as people write one. */
import type { Command } from 'commander'
import { isId } from '../../../schemas/id-text.ts'
import { UsageError } from '../../lib/errors.ts'
import type { CommandTools } from './command.ts'
import { createServiceClient, type ServiceClient, serviceToken } from './service-client.ts'

export interface AskingOptions {
  readonly url: string
  readonly data: string
  readonly json?: true
}

/** A page of a list of the API. */
export interface Page<T> {
  readonly items: readonly T[]
  readonly next_cursor: string | null
}

/** Adds `--url`, `--data` and, where `json` says what it prints, `--json`. */
export const asking = (command: Command, json?: string): Command =>
  (json === undefined ? command : command.option('--json', json))
    .option('--url <url>', 'API of the service', 'http://127.0.0.1:8080')
    .option('--data <dir>', "the service's data directory, for its token; MOLTWATCH_TOKEN replaces it", '.moltwatch')

/** Throws UsageError if there is no token. */
export const clientOf = async (options: AskingOptions, tools: CommandTools): Promise<ServiceClient> =>
  createServiceClient(options.url, await serviceToken(options.data, tools.environment.MOLTWATCH_TOKEN))

const HOUR_MS = 3_600_000
const UNITS: ReadonlyMap<string, number> = new Map([
  ['h', HOUR_MS],
  ['d', 24 * HOUR_MS],
])

/** `30d`, `12h` or an instant, as an instant. Throws UsageError for anything else; `option` is the one that held it. */
export function endOf(option: string, text: string): string {
  const [, count, unit = ''] = /^(\d{1,5})([hd])$/.exec(text) ?? []
  const ms = count === undefined ? Date.parse(text) : Date.now() + Number(count) * (UNITS.get(unit) ?? 0)
  if (Number.isNaN(ms)) throw new UsageError(`${option} ${text}: give 12h, 30d or a time such as 2027-01-31T09:00:00Z`)
  return new Date(ms).toISOString()
}

/** Throws UsageError where `text` is no id of the API. */
export function checkId(text: string): string {
  if (isId(text)) return text
  throw new UsageError(`"${text}" is no id: ids have 32 hex digits`)
}
