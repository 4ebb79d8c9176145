/** `tokens`: makes, lists and revokes tokens of a running service, for those who live on a terminal. */
import { Option } from 'commander'
import { ROLES, type Role } from '../../../schemas/roles.ts'
import { SCOPES, type Scope, type Token } from '../../../schemas/token.ts'
import { asking, type AskingOptions as Options, clientOf, endOf, type Page } from '../lib/asking.ts'
import type { AddCommand, CommandTools } from '../lib/command.ts'
import { UsageError } from '../../lib/errors.ts'
import { table } from '../lib/table.ts'
import { print, say } from '../lib/terminal.ts'

interface CreateOptions extends Options {
  readonly role: Role
  readonly scope?: readonly Scope[]
  readonly expires?: string
  readonly reason?: string
}
interface Made {
  readonly command_id: string
  readonly token: string
  readonly in_force: boolean
}

const LIST_MAX = 1_000

async function create(name: string, options: CreateOptions, tools: CommandTools): Promise<void> {
  const client = await clientOf(options, tools)
  const body = {
    name,
    role: options.role,
    ...(options.scope === undefined ? {} : { scopes: options.scope }),
    ...(options.expires === undefined ? {} : { expires_at: endOf('--expires', options.expires) }),
    ...(options.reason === undefined ? {} : { reason: options.reason }),
  }
  const answer = await client.ask(`${options.url}/v1/tokens`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  const made = (await answer.json()) as Made
  if (options.json === true) return print(tools.terminal, JSON.stringify(made))
  await print(tools.terminal, made.token)
  say(tools.terminal, `This is the token "${name}" with the role ${options.role}. Keep it: it is told this once.`)
  if (!made.in_force) say(tools.terminal, 'It is not in force yet: the responder has not taken the order so far.')
}

const day = (time: string | null): string => (time === null ? '' : time.slice(0, 16).replace('T', ' '))

async function list(options: Options, tools: CommandTools): Promise<void> {
  const client = await clientOf(options, tools)
  const { items } = await client.get<Page<Token>>(`/v1/tokens?limit=${LIST_MAX}`)
  const { items: configured } = await client.get<Pick<Page<Token>, 'items'>>('/v1/tokens/configured')
  if (options.json === true) {
    for (const one of items) await print(tools.terminal, JSON.stringify(one))
    return
  }
  const rows = [
    ...configured.map(({ name, role }) => [name, role, 'configured', '', '', 'configuration']),
    ...items.map((t) => [t.name, t.role, t.status, day(t.created_at), day(t.expires_at), t.id]),
  ]
  await print(tools.terminal, table(['name', 'role', 'status', 'made (UTC)', 'expires (UTC)', 'id'], rows, 'left'))
}

async function revoke(
  name: string,
  options: Options & { readonly reason: string },
  tools: CommandTools,
): Promise<void> {
  const client = await clientOf(options, tools)
  const { items } = await client.get<Page<Token>>(`/v1/tokens?limit=${LIST_MAX}`)
  const token = items.find((one) => one.id === name || one.name === name)
  if (token === undefined) throw new UsageError(`there is no token "${name}": "tokens list" shows them`)
  const parameters = new URLSearchParams({ reason: options.reason }).toString()
  await client.ask(`${options.url}/v1/tokens/${token.id}?${parameters}`, { method: 'DELETE' })
  await print(tools.terminal, `revoked "${token.name}" (${token.role})`)
}

export const addTokens: AddCommand = (program, tools) => {
  const tokens = program.command('tokens').description('who may ask and send: make, list and revoke tokens')
  asking(tokens.command('create').argument('<name>', 'names it wherever it is told who did something'))
    .description('make a token and print it, this once')
    .addOption(new Option('--role <role>', 'what it may do').choices([...ROLES]).makeOptionMandatory())
    .addOption(new Option('--scope <scope...>', 'in which it may send; default for ingest: live').choices([...SCOPES]))
    .option('--expires <time>', '12h, 30d or an instant; without it the token has no end')
    .option('--reason <text>', 'why')
    .option('--json', 'one JSON object')
    .action((name: string, options: CreateOptions) => create(name, options, tools))
  asking(tokens.command('list'))
    .description('list tokens, with those that ended lately')
    .option('--json', 'one JSON object a line')
    .action((options: Options) => list(options, tools))
  asking(tokens.command('revoke').argument('<name>', 'or its id'))
    .description('end a token at once')
    .requiredOption('--reason <text>', 'why')
    .action((name: string, options: Options & { readonly reason: string }) => revoke(name, options, tools))
}
