/**
 * `findings`, `incidents`, `tail`, `show` and `explain`: questions to a running service for those who live on a terminal.
 * Tables are for people, `--json` for programs.
 */
import { type Command, InvalidArgumentError, Option } from 'commander'
import { isId } from '../../../schemas/id-text.ts'
import type { Incident } from '../../../schemas/incident.ts'
import { asking, type AskingOptions as AskOptions, clientOf, type Page } from '../lib/asking.ts'
import type { AddCommand, CommandTools } from '../lib/command.ts'
import { UsageError } from '../../lib/errors.ts'
import type { ServiceClient } from '../lib/service-client.ts'
import { print, say } from '../lib/terminal.ts'
import { type Covered, coverageText } from './coverage.ts'
import { tail, type TailOptions } from './tail.ts'
import { explanation, type FindingInFull, findingsTable, incidentsTable, incidentText } from './text.ts'

interface ListOptions extends AskOptions {
  readonly since?: string
  readonly limit: number
}

const LIMIT_MAX = 1_000
/** What `--json` prints. */
const LINES = 'one JSON object a line'

const pathOf = (list: string, query: string | undefined, options: ListOptions): string => {
  const parameters = new URLSearchParams({ limit: String(options.limit) })
  if (query !== undefined) parameters.set('q', query)
  if (options.since !== undefined) parameters.set('since', options.since)
  return `/v1/${list}?${parameters.toString()}`
}

/** Prints one page of a list, and says if there is more. */
function lister(list: string, text: (items: readonly never[]) => string) {
  return async (query: string | undefined, options: ListOptions, tools: CommandTools): Promise<void> => {
    const client = await clientOf(options, tools)
    const { items, next_cursor } = await client.get<Page<never>>(pathOf(list, query, options))
    if (options.json === true) {
      for (const item of items) await print(tools.terminal, JSON.stringify(item))
      return
    }
    await print(tools.terminal, items.length === 0 ? `no ${list}` : text(items))
    if (next_cursor !== null)
      say(tools.terminal, 'There are more: narrow it with a query or --since, or raise --limit.')
  }
}

/** The finding or incident with this id. Throws UsageError if there is none. */
async function thing(client: ServiceClient, id: string): Promise<{ finding: FindingInFull } | { incident: Incident }> {
  if (!isId(id)) throw new UsageError(`"${id}" is no id: findings and incidents have 32 hex digits`)
  const finding = await client.find<FindingInFull>(`/v1/findings/${id}`)
  if (finding !== undefined) return { finding }
  const incident = await client.find<Incident>(`/v1/incidents/${id}`)
  if (incident !== undefined) return { incident }
  throw new UsageError(`there is no finding or incident with the id ${id}`)
}

async function show(id: string, options: AskOptions, tools: CommandTools): Promise<void> {
  const found = await thing(await clientOf(options, tools), id)
  if (options.json === true)
    await print(tools.terminal, JSON.stringify('finding' in found ? found.finding : found.incident))
  else await print(tools.terminal, 'finding' in found ? explanation(found.finding) : incidentText(found.incident))
}

/** `show`, and behind an incident each of its findings. */
async function explain(id: string, options: AskOptions, tools: CommandTools): Promise<void> {
  const client = await clientOf(options, tools)
  const found = await thing(client, id)
  const findings =
    'finding' in found
      ? [found.finding]
      : await Promise.all(found.incident.finding_ids.map((one) => client.get<FindingInFull>(`/v1/findings/${one}`)))
  if (options.json === true) {
    for (const finding of findings) await print(tools.terminal, JSON.stringify(finding))
    return
  }
  if ('incident' in found) await print(tools.terminal, `${incidentText(found.incident)}\n`)
  for (const finding of findings) await print(tools.terminal, `${explanation(finding)}\n`)
}

function limitOf(value: string): number {
  const limit = Number(value)
  if (!Number.isInteger(limit) || limit < 1 || limit > LIMIT_MAX)
    throw new InvalidArgumentError(`give a number from 1 to ${LIMIT_MAX}`)
  return limit
}

const NOTHING =
  'Nothing was received. Some instrumentations send nothing and do not say so: docs/senders.md has what each kind of agent needs.'

/** All pages of coverage, or the first one where `limit` is smaller. */
async function coverage(options: ListOptions & { readonly by: string }, tools: CommandTools): Promise<void> {
  const client = await clientOf(options, tools)
  const items: Covered[] = []
  let cursor: string | null = null
  do {
    const limit = String(Math.min(LIMIT_MAX, options.limit - items.length))
    const parameters = new URLSearchParams({ by: options.by, limit, ...(cursor === null ? {} : { cursor }) })
    const page: Page<Covered> = await client.get<Page<Covered>>(`/v1/coverage?${parameters.toString()}`)
    items.push(...page.items)
    cursor = page.next_cursor
  } while (cursor !== null && items.length < options.limit)
  if (options.json === true) {
    for (const item of items) await print(tools.terminal, JSON.stringify(item))
    return
  }
  await print(tools.terminal, items.length === 0 ? NOTHING : coverageText(items))
  if (cursor !== null) say(tools.terminal, 'There are more: raise --limit.')
}

const listing = (command: Command): Command =>
  asking(command, LINES)
    .option('--since <time>', 'from here on: ISO 8601, or -24h, -7d')
    .addOption(new Option('--limit <number>', 'how many at most').argParser(limitOf).default(50))

export const addAsk: AddCommand = (program, tools) => {
  const findings = lister('findings', findingsTable)
  const incidents = lister('incidents', incidentsTable)
  listing(program.command('findings').argument('[query]', 'such as severity:high or agent:billing-bot'))
    .description('list findings of a running service, newest first')
    .action((query: string | undefined, options: ListOptions) => findings(query, options, tools))
  listing(program.command('incidents').argument('[query]', 'such as severity:high or agent:billing-bot'))
    .description('list incidents of a running service, newest first')
    .action((query: string | undefined, options: ListOptions) => incidents(query, options, tools))
  asking(program.command('coverage'), LINES)
    .description(
      'what each detector can see of what is received: which are blind for lack of fields, which still learn',
    )
    .addOption(
      new Option('--by <what>', 'a line for each').choices(['identity', 'sender', 'source']).default('identity'),
    )
    .addOption(new Option('--limit <number>', 'how many at most').argParser(limitOf).default(LIMIT_MAX))
    .action((options: ListOptions & { readonly by: string }) => coverage(options, tools))
  asking(program.command('tail'), LINES)
    .option('--since <time>', 'also what was found before, from here on: ISO 8601, or -24h, -7d')
    .description('tell findings as they are found, until Ctrl-C; waits while the service is away, and misses none')
    .action((options: TailOptions) => tail(options, tools))
  asking(program.command('show').argument('<id>', 'of a finding or an incident'), LINES)
    .description('show one finding or incident')
    .action((id: string, options: AskOptions) => show(id, options, tools))
  asking(program.command('explain').argument('<id>', 'of a finding or an incident'), LINES)
    .description('say why: what was seen, what was expected, and the evidence of every finding')
    .action((id: string, options: AskOptions) => explain(id, options, tools))
}
