/** `commands list|show`: what came of what people, files and programs asked of the service, by whom and why. */
import { InvalidArgumentError } from 'commander'
import type { CommandOutcome } from '../../../schemas/command.ts'
import { asking, type AskingOptions, checkId, clientOf, type Page } from '../lib/asking.ts'
import type { AddCommand, CommandTools } from '../lib/command.ts'
import { table } from '../lib/table.ts'
import { print } from '../lib/terminal.ts'
import { tellOutcome } from './outcome.ts'

const SHOWN = 50
const WAIT_S_MAX = 600

async function list(options: AskingOptions & { readonly type?: string }, tools: CommandTools): Promise<void> {
  const client = await clientOf(options, tools)
  const query = new URLSearchParams({ limit: String(SHOWN) })
  if (options.type !== undefined) query.set('type', options.type)
  const { items } = await client.get<Page<CommandOutcome>>(`/v1/commands?${query.toString()}`)
  if (options.json === true) {
    for (const one of items) await print(tools.terminal, JSON.stringify(one))
    return
  }
  const rows = items.map(({ time, type, status, detail, by, reason, id }) => [
    time.slice(0, 19).replace('T', ' '),
    type,
    status,
    detail.slice(0, 80),
    reason === '' ? by : `${by}: ${reason.slice(0, 60)}`,
    id,
  ])
  const head = ['time (UTC)', 'command', 'outcome', 'what came of it', 'by and why', 'id']
  await print(tools.terminal, rows.length === 0 ? 'nobody asked for anything lately' : table(head, rows, 'left'))
}

async function show(
  id: string,
  options: AskingOptions & { readonly wait: number },
  tools: CommandTools,
): Promise<void> {
  const client = await clientOf(options, tools)
  await tellOutcome(client, checkId(id), tools, { json: options.json === true, waitMs: options.wait * 1_000 })
}

function secondsOf(text: string): number {
  const seconds = Number(text)
  if (text.trim() === '' || !(seconds >= 0 && seconds <= WAIT_S_MAX))
    throw new InvalidArgumentError(`give a number of seconds from 0 to ${WAIT_S_MAX}`)
  return seconds
}

export const addOutcomes: AddCommand = (program, tools) => {
  const commands = program.command('commands').description('what came of what was asked of the service')
  asking(commands.command('list'))
    .description(`list the newest ${SHOWN}, with their outcome, by whom and why`)
    .option('--type <type>', 'only these, such as suppress or quarantine')
    .option('--json', 'one JSON object a line')
    .action((options: AskingOptions & { readonly type?: string }) => list(options, tools))
  asking(commands.command('show').argument('<id>', 'as the service answered when it took the command'))
    .description('say what came of one command')
    .option('--wait <seconds>', 'wait so long for it to be applied', secondsOf, 0)
    .option('--json', 'one JSON object')
    .addHelpText(
      'after',
      '\nExit codes: 0 applied or still waiting, 1 it changed nothing, 2 wrong usage or no service.',
    )
    .action((id: string, options: AskingOptions & { readonly wait: number }) => show(id, options, tools))
}
