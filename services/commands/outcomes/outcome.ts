/**
 * The outcome of a command that was given to the service. A command is first written to the log and applied in turn. Its
 * outcome therefore follows the answer by a moment, or later while the responder is away.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { CommandOutcome } from '../../../schemas/command.ts'
import type { CommandTools } from '../lib/command.ts'
import { EXIT } from '../../lib/errors.ts'
import type { ServiceClient } from '../lib/service-client.ts'
import { print, say, type Terminal } from '../lib/terminal.ts'

/** How long the issuer of a command waits for it. */
export const OUTCOME_WAIT_MS = 10_000
const LOOK_MS = 200

/** Waits until the command has been applied; undefined if it has not been within `waitMs`. */
export async function outcomeOf(
  client: ServiceClient,
  id: string,
  waitMs: number,
  elapsed: Terminal['elapsed'],
): Promise<CommandOutcome | undefined> {
  for (const end = elapsed() + waitMs; ; await sleep(LOOK_MS)) {
    const outcome = await client.find<CommandOutcome>(`/v1/commands/${id}`)
    if (outcome !== undefined || elapsed() >= end) return outcome
  }
}

/**
 * Waits for the outcome of a command, prints it, and exits with 1 if it changed nothing: refused, failed or without an
 * object. A command that still waits is not a failure; the output says how to ask for it.
 */
export async function tellOutcome(
  client: ServiceClient,
  id: string,
  tools: CommandTools,
  how: { readonly json: boolean; readonly waitMs: number },
): Promise<void> {
  const { terminal } = tools
  const outcome = await outcomeOf(client, id, how.waitMs, terminal.elapsed)
  if (outcome === undefined) {
    if (how.json) await print(terminal, JSON.stringify({ id, status: 'waiting' }))
    else await print(terminal, `${id} waits: the responder has not applied it so far`)
    say(terminal, `Ask what came of it: moltwatch commands show ${id}`)
    return
  }
  await print(terminal, how.json ? JSON.stringify(outcome) : `${outcome.id} ${outcome.status}: ${outcome.detail}`)
  if (outcome.status !== 'applied') tools.exit(EXIT.failed)
}
