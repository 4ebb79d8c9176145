/** `forget`: has a running service forget an identity, and waits until it says that it has. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { CommandOutcome } from '../../../schemas/command.ts'
import type { AddCommand, CommandTools } from '../lib/command.ts'
import { EXIT, UsageError } from '../../lib/errors.ts'
import { createServiceClient, type ServiceClient, serviceToken } from '../lib/service-client.ts'
import { print } from '../lib/terminal.ts'

interface ForgetOptions {
  readonly reason: string
  readonly url: string
  readonly data: string
  readonly json?: true
}

const WAIT_MS_MAX = 60_000
const LOOK_EVERY_MS = 250

async function outcomeOf(client: ServiceClient, id: string, elapsed: () => number): Promise<CommandOutcome> {
  const end = elapsed() + WAIT_MS_MAX
  while (elapsed() < end) {
    const outcome = await client.get<CommandOutcome>(`/v1/commands/${id}`).catch((error: unknown) => {
      // There is nothing to see while it waits to be applied.
      if (error instanceof UsageError && error.message.includes(' answered 404')) return undefined
      throw error
    })
    if (outcome !== undefined) return outcome
    await sleep(LOOK_EVERY_MS)
  }
  throw new UsageError(
    `it is in the log and was not applied within ${WAIT_MS_MAX / 1000} s: ask GET /v1/commands/${id} later`,
  )
}

async function forget(identity: string, options: ForgetOptions, tools: CommandTools): Promise<void> {
  const client = createServiceClient(options.url, await serviceToken(options.data, tools.environment.MOLTWATCH_TOKEN))
  const answer = await client.ask(`${options.url}/v1/commands`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ type: 'forget', identity, reason: options.reason }),
  })
  const { command_id: id } = (await answer.json()) as { command_id: string }
  const outcome = await outcomeOf(client, id, () => tools.terminal.elapsed())
  await print(tools.terminal, options.json === true ? JSON.stringify(outcome) : `${outcome.status}: ${outcome.detail}`)
  if (outcome.status !== 'applied') tools.exit(EXIT.failed)
}

export const addForget: AddCommand = (program, tools) => {
  program
    .command('forget')
    .description('forget an identity: what was learned of it, its incidents, and what the warehouse holds')
    .argument('<identity>', 'as it stands in findings and events')
    .requiredOption('--reason <text>', 'why; it stays with the record that it was done')
    .option('--url <url>', 'API of the service', 'http://127.0.0.1:8080')
    .option('--data <dir>', "the service's data directory, for its token; MOLTWATCH_TOKEN replaces it", '.moltwatch')
    .option('--json', 'print what came of it as JSON')
    .addHelpText('after', '\nEvents leave the log by its retention (retention.log_days). Exit code 1: it was refused.')
    .action((identity: string, options: ForgetOptions) => forget(identity, options, tools))
}
