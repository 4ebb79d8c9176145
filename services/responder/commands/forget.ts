/**
 * Forgets an identity. A control record in its partition of `events` removes what was learned of it. The archiver reads
 * the same record and deletes its rows, now and whenever it refills a warehouse. The events themselves leave the log by
 * its retention. That it was done remains in the command's outcome and in the log line.
 */
import { counted } from '../../../schemas/counted.ts'
import { encodeControl } from '../../../schemas/frame.ts'
import type { CommandOf } from '../../../schemas/command.ts'
import { isActive } from '../../../schemas/quarantine.ts'
import { applied, type CommandDeps, type Done, type Handlers, refused } from './handler.ts'

async function forget(deps: CommandDeps, command: CommandOf<'forget'>, nowMs: number): Promise<Done> {
  const { incidents, quarantines } = deps
  const { tenant, identity } = command
  const held = quarantines.current(tenant, identity)
  if (held !== undefined && isActive(held))
    return refused('the identity is held: release it first, or nobody knows why it is')
  const removed = await incidents.forget(tenant, identity)
  const control = { type: 'forget', tenant, key_kind: 'identity', key: identity } as const
  const partition = await deps.partitionOf(tenant, identity)
  await deps.appendControl(partition, encodeControl(control, nowMs))
  return applied(
    1 + removed,
    `forgotten: what was learned of it, ${counted(removed, 'incident')} and its rows in the warehouse; its events leave the log by retention`,
  )
}

export const forgetHandlers = (deps: CommandDeps): Pick<Handlers, 'forget'> => ({
  forget: (command, nowMs) => forget(deps, command, nowMs),
})
