/**
 * `dead-letters list|show|resend`: what could not be processed, why, and another try after a format, a mapping or the
 * configuration was repaired.
 */
import { counted } from '../../../schemas/counted.ts'
import { InvalidArgumentError, Option } from 'commander'
import { isId } from '../../../schemas/id-text.ts'
import { DEAD_LETTER_REASONS, type DeadLetter } from '../../../schemas/dead-letter.ts'
import type { ResendAnswer } from '../../collector/resend/index.ts'
import { asking, type AskingOptions as Asked, clientOf, type Page } from '../lib/asking.ts'
import type { AddCommand, CommandTools } from '../lib/command.ts'
import { EXIT, UsageError } from '../../lib/errors.ts'
import { table } from '../lib/table.ts'
import { print, say } from '../lib/terminal.ts'

interface ListOptions extends Asked {
  readonly reason?: string
  readonly since?: string
  readonly limit: number
}
interface ResendOptions extends Asked {
  readonly collector?: string
  readonly reason?: string
  readonly origin?: string
  readonly limit: number
  readonly format?: string
  readonly dryRun?: true
  readonly history?: true
}
type Letter = Omit<DeadLetter, 'time'> & { readonly time: string }

const LIMIT_MAX = 1_000
const DETAIL_CHARS = 100

async function list(options: ListOptions, tools: CommandTools): Promise<void> {
  const client = await clientOf(options, tools)
  const query = new URLSearchParams({ limit: String(options.limit) })
  if (options.reason !== undefined) query.set('reason', options.reason)
  if (options.since !== undefined) query.set('since', options.since)
  const page = await client.get<Page<Letter>>(`/v1/dead-letters?${query.toString()}`)
  if (options.json === true) {
    for (const item of page.items) await print(tools.terminal, JSON.stringify(item))
    return
  }
  const rows = page.items.map(({ id, time, service, origin, reason, detail }) => [
    id,
    time,
    service,
    origin,
    reason,
    detail.slice(0, DETAIL_CHARS),
  ])
  await print(
    tools.terminal,
    rows.length === 0
      ? 'no dead letters'
      : table(['id', 'time', 'service', 'origin', 'reason', 'detail'], rows, 'left'),
  )
  if (page.next_cursor !== null) say(tools.terminal, 'There are more: narrow it with --since, or raise --limit.')
}

async function show(id: string, options: Asked, tools: CommandTools): Promise<void> {
  if (!isId(id)) throw new UsageError(`"${id}" is no id: dead letters have 32 hex digits`)
  const letter = await (await clientOf(options, tools)).get<Letter>(`/v1/dead-letters/${id}`)
  if (options.json === true) await print(tools.terminal, JSON.stringify(letter))
  else for (const [name, value] of Object.entries(letter)) await print(tools.terminal, `${name.padEnd(10)} ${value}`)
}

async function resend(ids: readonly string[], options: ResendOptions, tools: CommandTools): Promise<void> {
  const { reason, origin, limit, format } = options
  if (ids.length === 0 && reason === undefined && origin === undefined)
    throw new UsageError('say which letters: ids, --reason or --origin')
  const client = await clientOf(options, tools)
  const body = {
    ...(ids.length === 0 ? { limit } : { ids }),
    ...(reason === undefined ? {} : { reason }),
    ...(origin === undefined ? {} : { origin }),
    ...(format === undefined ? {} : { format }),
    ...(options.dryRun === true ? { dry_run: true } : {}),
  }
  const base = options.collector ?? options.url
  const history = options.history === true ? '?history=1' : ''
  const headers = { 'content-type': 'application/json' }
  const init = { method: 'POST', headers, body: JSON.stringify(body) }
  const answer = (await (await client.ask(`${base}/v1/dead-letters/resend${history}`, init)).json()) as ResendAnswer
  if (options.json === true) await print(tools.terminal, JSON.stringify(answer))
  else {
    const rows = answer.letters.map(({ id, status, events, detail }) => [
      id,
      status,
      String(events),
      detail.slice(0, DETAIL_CHARS),
    ])
    await print(
      tools.terminal,
      rows.length === 0 ? 'no such letters' : table(['id', 'status', 'events', 'detail'], rows, 'left'),
    )
    const done = answer.dry_run ? 'would be sent' : 'sent'
    say(
      tools.terminal,
      `${answer.sent} of ${counted(answer.letters.length, 'letter')} ${done}: ${counted(answer.events, 'event')}`,
    )
    if (answer.more) say(tools.terminal, 'There are more: send again with a higher --limit.')
  }
  if (answer.letters.some(({ status }) => status === 'rejected' || status === 'impossible')) tools.exit(EXIT.failed)
}

function limitOf(value: string): number {
  const limit = Number(value)
  if (!Number.isInteger(limit) || limit < 1 || limit > LIMIT_MAX)
    throw new InvalidArgumentError(`give a number from 1 to ${LIMIT_MAX}`)
  return limit
}

const limitOption = (): Option => new Option('--limit <number>', 'how many at most').argParser(limitOf).default(100)
const reasonOption = (): Option => new Option('--reason <reason>', 'only these').choices([...DEAD_LETTER_REASONS])

export const addDeadLetters: AddCommand = (program, tools) => {
  const letters = program.command('dead-letters').description('records that could not be processed')
  asking(letters.command('list'), 'in JSON')
    .description('list them, newest first')
    .addOption(reasonOption())
    .option('--since <time>', 'from here on: ISO 8601, or -24h, -7d')
    .addOption(limitOption())
    .action((options: ListOptions) => list(options, tools))
  asking(letters.command('show').argument('<id>'), 'in JSON')
    .description('show one, with what is kept of its record')
    .action((id: string, options: Asked) => show(id, options, tools))
  asking(letters.command('resend').argument('[id...]'), 'in JSON')
    .description('read them again, by a format or mapping that was repaired since, and store what they become')
    .addOption(reasonOption())
    .option('--origin <origin>', 'only those of this format or place')
    .addOption(limitOption())
    .option('--format <name>', 'read them as this format or mapping; without it as before, then as what they look like')
    .option('--collector <url>', 'address of the collector where it is a process of its own')
    .option('--history', 'the events train and find, and never act')
    .option('--dry-run', 'say what would come of it, and store nothing')
    .addHelpText(
      'after',
      '\nExit codes: 0 all became events or are skipped, 1 some did not, 2 wrong usage or no service.',
    )
    .action((ids: string[], options: ResendOptions) => resend(ids, options, tools))
}
