/**
 * Applies commands, one after the other, each once: what it brings about is keyed by the command or leads to a state that
 * it finds already reached the second time. What came of it is kept under its id. A command that cannot be carried out
 * becomes a dead letter, and the next one is taken: nothing that somebody asks for may stop the responder.
 */
import type { Command, CommandOutcome } from '../../../schemas/command.ts'
import { LIMITS } from '../../../schemas/limits.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Logger } from '../../lib/logger.ts'
import type { Audit } from '../audit.ts'
import type { Letters } from '../letters.ts'
import type { Outcomes } from '../outcomes.ts'
import { containmentHandlers } from './containment.ts'
import { detectionHandlers } from './detection.ts'
import { forgetHandlers } from './forget.ts'
import { type CommandDeps, type Done, type Handlers, refused } from './handler.ts'
import { joiningHandlers } from './joining.ts'
import { operationHandlers } from './operations.ts'
import { tokenHandlers } from './tokens.ts'
import { triageHandlers } from './triage.ts'

export interface CommandHandlerDeps extends CommandDeps {
  readonly outcomes: Outcomes
  readonly audit: Audit
  readonly letters: Letters
  readonly clock: Clock
  readonly logger: Logger
  /** Whether the responder itself can do nothing more: then a command is not to blame, and is taken again. */
  hasFailed(): boolean
}

const reasonOf = (command: Command): string => ('reason' in command ? (command.reason ?? '') : '')

function outcomeOf(command: Command, { status, detail, changed }: Done, doneAt: number): CommandOutcome {
  const { id, tenant, type, by, time } = command
  return {
    id,
    tenant,
    type,
    by,
    reason: reasonOf(command),
    time,
    status,
    detail: detail.slice(0, LIMITS.text_chars_max),
    changed,
    done_at: new Date(doneAt).toISOString(),
  }
}

/** Makes the function that applies one command. It resolves when all that the command brings about is durable. */
export function createCommandHandler(deps: CommandHandlerDeps): (command: Command, nowMs: number) => Promise<void> {
  const { outcomes, audit, store, letters, clock, logger, metrics } = deps
  const handlers: Handlers = {
    ...containmentHandlers(deps),
    ...detectionHandlers(deps),
    ...triageHandlers(deps),
    ...joiningHandlers(deps),
    ...operationHandlers(deps),
    ...tokenHandlers(deps),
    ...forgetHandlers(deps),
  }

  const carryOut = async (command: Command, nowMs: number): Promise<Done> => {
    if (command.tenant === '' && command.type !== 'configuration') return refused('it names no tenant')
    const handler = handlers[command.type] as (command: Command, nowMs: number) => Promise<Done>
    try {
      return await handler(command, nowMs)
    } catch (error) {
      if (deps.hasFailed()) throw error
      const detail = `the command ${command.type} could not be carried out: ${(error as Error).message}`
      logger.error({ err: error, command: command.id, type: command.type }, 'a command failed; the next one is taken')
      await letters.unappliable(command, detail)
      return { status: 'failed', detail, changed: 0 }
    }
  }

  /** What was no order has no outcome that anybody would query. */
  const noteAlone = async (command: Command, outcome: CommandOutcome): Promise<void> => {
    const tx = store.begin(command.tenant)
    audit.note(tx, command, { ...outcome, time: outcome.done_at })
    await tx.commit()
  }

  return async (command, nowMs) => {
    const { id, type, tenant, by } = command
    // Sent twice, or read again after a kill: it has been done.
    if (outcomes.get(tenant, id) !== undefined || audit.has(tenant, id)) return
    const done = await carryOut(command, nowMs)
    const outcome = outcomeOf(command, done, clock.now())
    if (type === 'record') return noteAlone(command, outcome)
    await outcomes.keep(outcome, (tx) => audit.note(tx, command, { ...outcome, time: outcome.done_at }))
    metrics.commands.inc({ type, status: done.status })
    const facts = {
      command: id,
      type,
      tenant,
      by,
      reason: reasonOf(command),
      changed: done.changed,
      detail: done.detail,
    }
    if (done.status === 'applied') logger.info(facts, 'a command was applied')
    else logger.warn(facts, `a command changed nothing: ${done.status}`)
  }
}
