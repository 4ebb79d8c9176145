/**
 * `suppressions list|show|add|delete`: what people do not want to hear about, until an end. Each change is a command to
 * the service, so `add` and `delete` print its outcome.
 */
import type { Suppression, SuppressionScope } from '../../../schemas/suppression.ts'
import { asking, type AskingOptions, checkId, clientOf, endOf, type Page } from '../lib/asking.ts'
import type { AddCommand, CommandTools } from '../lib/command.ts'
import { UsageError } from '../../lib/errors.ts'
import { table } from '../lib/table.ts'
import { print } from '../lib/terminal.ts'
import { OUTCOME_WAIT_MS, tellOutcome } from '../outcomes/outcome.ts'

interface Taken {
  readonly command_id: string
}
interface AddOptions extends AskingOptions, SuppressionScope {
  readonly until: string
  readonly reason: string
}
interface DeleteOptions extends AskingOptions {
  readonly reason: string
}

const LIST_MAX = 1_000

/** Everything of a scope but the detector, in words. */
const whereOf = (scope: SuppressionScope): string =>
  Object.entries(scope)
    .filter(([name]) => name !== 'detector')
    .map(([name, value]) => `${name} ${value}`)
    .join(', ')

async function list(options: AskingOptions, tools: CommandTools): Promise<void> {
  const client = await clientOf(options, tools)
  const { items } = await client.get<Page<Suppression>>(`/v1/suppressions?limit=${LIST_MAX}`)
  if (options.json === true) {
    for (const one of items) await print(tools.terminal, JSON.stringify(one))
    return
  }
  const rows = items.map(({ scope, until, by, reason, id }) => [
    scope.detector,
    whereOf(scope),
    until.slice(0, 16).replace('T', ' '),
    `${by}: ${reason.slice(0, 60)}`,
    id,
  ])
  const head = ['detector', 'where', 'until (UTC)', 'by and why', 'id']
  await print(tools.terminal, rows.length === 0 ? 'nothing is suppressed' : table(head, rows, 'left'))
}

async function show(id: string, options: AskingOptions, tools: CommandTools): Promise<void> {
  const client = await clientOf(options, tools)
  const one = await client.find<Suppression>(`/v1/suppressions/${checkId(id)}`)
  if (one === undefined) throw new UsageError(`there is no suppression ${id}: "suppressions list" shows them`)
  if (options.json === true) return print(tools.terminal, JSON.stringify(one))
  const { scope, ...rest } = one
  const lines = Object.entries({ ...scope, ...rest }).map(([name, value]) => `${name.padEnd(9)} ${value}`)
  return print(tools.terminal, lines.join('\n'))
}

async function add(options: AddOptions, tools: CommandTools): Promise<void> {
  const { detector, agent, target, peer, network, until, reason } = options
  const client = await clientOf(options, tools)
  const answer = await client.ask(`${options.url}/v1/suppressions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ detector, agent, target, peer, network, until: endOf('--until', until), reason }),
  })
  await told(client, answer, options, tools)
}

async function end(id: string, options: DeleteOptions, tools: CommandTools): Promise<void> {
  const client = await clientOf(options, tools)
  const query = new URLSearchParams({ reason: options.reason }).toString()
  const answer = await client.ask(`${options.url}/v1/suppressions/${checkId(id)}?${query}`, { method: 'DELETE' })
  await told(client, answer, options, tools)
}

async function told(
  client: Parameters<typeof tellOutcome>[0],
  answer: Response,
  options: AskingOptions,
  tools: CommandTools,
): Promise<void> {
  const { command_id: id } = (await answer.json()) as Taken
  await tellOutcome(client, id, tools, { json: options.json === true, waitMs: OUTCOME_WAIT_MS })
}

const OUTCOMES = '\nExit codes: 0 applied or still waiting, 1 it changed nothing, 2 wrong usage, refused or no service.'

export const addSuppressions: AddCommand = (program, tools) => {
  const suppressions = program.command('suppressions').description('what is told to nobody for a while')
  asking(suppressions.command('list'))
    .description('list those in force, with who made them and why')
    .option('--json', 'one JSON object a line')
    .action((options: AskingOptions) => list(options, tools))
  asking(suppressions.command('show').argument('<id>'))
    .description('show one')
    .option('--json', 'one JSON object')
    .action((id: string, options: AskingOptions) => show(id, options, tools))
  asking(suppressions.command('add'))
    .description('turn findings of a scope to shadow up to an end: stored and shown, and told to nobody')
    .requiredOption('--detector <id>', "whose findings; '*' for every detector, alone only by an admin")
    .option('--agent <name>', 'only about this identity')
    .option('--target <target>', 'only at this target; a * at its end stands for any rest')
    .option('--peer <host>', 'only with this host, peer or listed network')
    .option('--network <range>', 'only from this address or range, such as 192.0.2.0/24')
    .requiredOption('--until <time>', 'its end: 12h, 30d or an instant, at most a year ahead')
    .requiredOption('--reason <text>', 'why; every sink is told')
    .option('--json', 'the outcome as one JSON object')
    .addHelpText('after', `\nThe id that is printed names the suppression.${OUTCOMES}`)
    .action((options: AddOptions) => add(options, tools))
  asking(suppressions.command('delete').argument('<id>'))
    .description('take one back: what is found from then on is told again')
    .requiredOption('--reason <text>', 'why')
    .option('--json', 'the outcome as one JSON object')
    .addHelpText('after', OUTCOMES)
    .action((id: string, options: DeleteOptions) => end(id, options, tools))
}
