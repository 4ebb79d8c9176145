/**
 * Applies commands, one after the other, each once: what it brings about is keyed by the command or leads to a state that
 * it finds already reached the second time.
 */
import type { Command, CommandOf } from '../../schemas/command.ts'
import type { Delivery } from '../../schemas/delivery.ts'
import { encodeControl } from '../../schemas/frame.ts'
import { partitionOf } from '../../schemas/ids.ts'
import { eventKey } from '../../schemas/topics.ts'
import type { Policy } from '../lib/config.ts'
import type { Logger } from '../lib/logger.ts'
import type { Metrics } from '../lib/metrics.ts'
import type { ConfigurationRollouts } from './configuration.ts'
import type { Deliveries } from './deliveries.ts'
import type { Dispatcher } from './dispatcher.ts'
import type { Incidents } from './incidents.ts'
import { effectivePolicy, isProtected } from './policy.ts'
import type { Quarantines, Wanted } from './quarantines.ts'
import type { Sinks } from './sinks.ts'
import type { StateStore } from './store.ts'

/** A tenant's global stop, as a person left it. State record `switch`. */
export interface StopSwitch {
  readonly tenant: string
  readonly stopped: boolean
  readonly by: string
  readonly reason: string
  readonly time: string
}

export interface CommandDeps {
  readonly store: StateStore
  readonly sinks: Sinks
  readonly deliveries: Deliveries
  readonly incidents: Incidents
  readonly quarantines: Quarantines
  readonly rollouts: ConfigurationRollouts
  readonly dispatcher: Dispatcher
  readonly metrics: Metrics
  readonly logger: Logger
  readonly switches: Map<string, StopSwitch>
  policy(): Policy
  /** Number of partitions of `events`. */
  eventPartitions(): number
  /** Appends a control record to a partition of `events`; durable when it resolves. */
  appendControl(partition: number, value: Buffer): Promise<void>
}

type Handlers = { readonly [N in Command['type']]: (command: CommandOf<N>, nowMs: number) => Promise<void> }

const NOTE = 'action' as const

/** Quarantine, release, approve: what people order. */
function containmentHandlers(deps: CommandDeps): Pick<Handlers, 'quarantine' | 'release' | 'approve'> {
  const { store, quarantines, incidents, metrics } = deps
  const expiresMsOf = (tenant: string): number => effectivePolicy(deps.policy(), tenant).expiresMs

  const noteAndSave = (
    tx: ReturnType<StateStore['begin']>,
    incidentId: string | null,
    command: Command,
    text: string,
    nowMs: number,
  ): void => {
    if (incidentId === null) return
    incidents.note(tx.tenant, incidentId, { time: command.time, kind: NOTE, text, finding_id: null }, nowMs)
    incidents.save(tx, incidentId)
  }

  const orderOne = async (command: CommandOf<'quarantine'>, identity: string, nowMs: number): Promise<void> => {
    const { tenant, by, reason } = command
    const action = command.action ?? 'quarantine'
    const policy = effectivePolicy(deps.policy(), tenant)
    const findingIds = command.finding_ids ?? []
    const wanted: Wanted = {
      cause: command.id,
      identity,
      action,
      reason,
      findingIds,
      incidentId: findingIds.map((id) => incidents.ofFinding(tenant, id)?.id).find((id) => id !== undefined) ?? null,
      automatic: false,
      by,
      expiresMs: command.expires_in_ms ?? policy.expiresMs,
    }
    if (quarantines.isMoot(tenant, wanted)) return
    const tx = store.begin(tenant)
    const waiting = quarantines.current(tenant, identity)
    if (isProtected(policy, identity) && command.force !== true) {
      quarantines.record(tx, wanted, 'refused', 'the identity is protected: order it with force', nowMs)
    } else if (waiting?.status === 'proposed' && waiting.action === action) {
      quarantines.approve(tx, waiting.id, by, reason, wanted.expiresMs, nowMs)
      noteAndSave(tx, waiting.incident_id, command, `${action} ordered by ${by}: ${reason}`, nowMs)
    } else {
      quarantines.order(tx, wanted, nowMs)
      noteAndSave(tx, wanted.incidentId, command, `${action} ordered by ${by}: ${reason}`, nowMs)
    }
    metrics.actions.inc({ action: `${action}/ordered`, mode: 'person' })
    await tx.commit()
  }

  return {
    async quarantine(command, nowMs) {
      await Promise.all(command.identities.map((identity) => orderOne(command, identity, nowMs)))
    },
    async release(command, nowMs) {
      const releaseOne = async (id: string): Promise<void> => {
        const tx = store.begin(command.tenant)
        const released = quarantines.release(tx, id, command.by, command.reason, nowMs)
        if (released === undefined) return
        metrics.actions.inc({ action: 'release', mode: 'person' })
        noteAndSave(tx, released.incident_id, command, `${released.status} by ${command.by}: ${command.reason}`, nowMs)
        await tx.commit()
      }
      await Promise.all(command.quarantine_ids.map(releaseOne))
    },
    async approve(command, nowMs) {
      const expiresMs = expiresMsOf(command.tenant)
      const approveOne = async (id: string): Promise<void> => {
        const tx = store.begin(command.tenant)
        const approved = quarantines.approve(tx, id, command.by, command.reason, expiresMs, nowMs)
        if (approved === undefined) return
        metrics.actions.inc({ action: `${approved.action}/approved`, mode: 'person' })
        noteAndSave(tx, approved.incident_id, command, `approved by ${command.by}: ${command.reason}`, nowMs)
        await tx.commit()
      }
      await Promise.all(command.quarantine_ids.map(approveOne))
    },
  }
}

/** What people teach the detectors. */
function detectionHandlers(deps: CommandDeps): Pick<Handlers, 'verdict' | 'suppress' | 'unsuppress' | 'configuration'> {
  const { store, incidents, rollouts } = deps
  return {
    async verdict(command, nowMs) {
      const { tenant, agent, detector, verdict } = command
      const control = {
        type: 'verdict',
        tenant,
        finding_id: command.finding_id,
        detector,
        key: agent,
        verdict,
      } as const
      const partition = partitionOf(eventKey(tenant, agent), deps.eventPartitions())
      await deps.appendControl(partition, encodeControl(control, nowMs))
      const incident = incidents.ofFinding(tenant, command.finding_id)
      if (incident === undefined) return
      const text = `${verdict.replace('_', ' ')}, says ${command.by}${command.reason === undefined ? '' : `: ${command.reason}`}`
      const tx = store.begin(tenant)
      const entry = { time: command.time, kind: 'verdict', text, finding_id: command.finding_id } as const
      incidents.note(tenant, incident.id, entry, nowMs)
      incidents.save(tx, incident.id)
      await tx.commit()
    },
    async suppress({ tenant, id, detector, agent, until, reason, by }) {
      const suppression = {
        detector,
        ...(agent === undefined ? {} : { agent }),
        ...(until === undefined ? {} : { until }),
        reason,
        by,
      }
      await rollouts.addSuppression(tenant, id, suppression)
    },
    async unsuppress(command) {
      await rollouts.removeSuppression(command.tenant, command.suppression_id)
    },
    async configuration(command) {
      await rollouts.setBase(command.configuration)
    },
  }
}

/** The kill switch, and what is done about sinks. */
function operationHandlers(deps: CommandDeps): Pick<Handlers, 'stop' | 'resume' | 'replay' | 'enable-sink'> {
  const { store, sinks, deliveries, dispatcher, switches } = deps
  const turn = async ({ tenant, by, reason, time }: CommandOf<'stop' | 'resume'>, stopped: boolean): Promise<void> => {
    const state: StopSwitch = { tenant, stopped, by, reason, time }
    switches.set(tenant, state)
    const tx = store.begin(tenant)
    tx.put('switch', 'stop', state)
    await tx.commit()
  }
  return {
    stop: (command) => turn(command, true),
    resume: (command) => turn(command, false),
    async replay(command, nowMs) {
      const { tenant, delivery_ids: ids, sink } = command
      const wanted = deliveries.dead(tenant).filter((d) => ids?.includes(d.id) === true || d.sink === sink)
      const replayOne = async (delivery: Delivery): Promise<void> => {
        const tx = store.begin(tenant)
        const again = deliveries.update(tx, delivery, {
          status: 'pending',
          attempts: 0,
          next_attempt_ms: nowMs,
          closed_ms: 0,
          last_outcome: `replayed by ${command.by}`,
        })
        tx.after(() => dispatcher.enqueue(again))
        await tx.commit()
      }
      await Promise.all(wanted.map(replayOne))
    },
    async 'enable-sink'(command, nowMs) {
      const sink = sinks.get(command.sink)
      // A sink that serves every tenant is not one tenant's to open; its operator changes the file.
      if (sink?.tenant !== command.tenant || sinks.status(sink.name) !== 'disabled') return
      const tx = store.begin('')
      sinks.mark(tx, sink.name, 'ok', `enabled by ${command.by}: ${command.reason}`, nowMs)
      await tx.commit()
    },
  }
}

/** Makes the function that applies one command. It resolves when all that the command brings about is durable. */
export function createCommandHandler(deps: CommandDeps): (command: Command, nowMs: number) => Promise<void> {
  const handlers: Handlers = { ...containmentHandlers(deps), ...detectionHandlers(deps), ...operationHandlers(deps) }
  return async (command, nowMs) => {
    if ((command.tenant === '') !== (command.type === 'configuration')) {
      deps.logger.warn(
        { command: command.id, type: command.type },
        'a command names no tenant where it must, or one where it must not',
      )
      return
    }
    const handler = handlers[command.type] as (command: Command, nowMs: number) => Promise<void>
    await handler(command, nowMs)
    deps.logger.info({ command: command.id, type: command.type, by: command.by }, 'a command was applied')
  }
}
