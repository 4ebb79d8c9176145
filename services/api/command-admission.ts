/**
 * What is refused before it becomes a command in the log: requests that name something that does not exist, that only an
 * admin may make, or that exceed a cap of the tenant. The responder checks again, because a command waits in the log; here
 * the caller learns of it at once.
 */
import { counted } from '../../schemas/counted.ts'
import type { Command, CommandOf, CommandType } from '../../schemas/command.ts'
import { LIMITS } from '../../schemas/limits.ts'
import { ANY_DETECTOR } from '../../schemas/any-detector.ts'
import { isEverything, widthProblem } from '../../schemas/suppression.ts'
import { type Grant, permit, type Right } from '../lib/auth.ts'
import type { Clock } from '../lib/clock.ts'
import { suggestion } from '../lib/config/problems.ts'
import type { ResponderViews } from '../lib/quarantine-view.ts'
import { WarehouseError } from '../lib/warehouse/port.ts'
import { Answer, badRequest, notFound } from './errors.ts'
import type { TenantReader } from './query.ts'
import { isKnown } from './questions/identities.ts'

/** The right that each command requires. */
const RIGHTS: Readonly<Record<CommandType, Right>> = {
  verdict: 'triage',
  triage: 'triage',
  comment: 'triage',
  merge: 'triage',
  split: 'triage',
  suppress: 'triage',
  unsuppress: 'triage',
  quarantine: 'order',
  release: 'order',
  approve: 'order',
  stop: 'order',
  resume: 'order',
  replay: 'order',
  'enable-sink': 'order',
  'test-sink': 'order',
  forget: 'administer',
  'create-token': 'administer',
  'revoke-token': 'administer',
  configuration: 'administer',
  record: 'administer',
}

interface Asked {
  readonly grant: Grant
  readonly views: Pick<ResponderViews, 'held' | 'command' | 'incident' | 'token' | 'sinks'>
  /** The warehouse as this tenant sees it. */
  readonly reader: TenantReader
  readonly detectors: readonly { readonly id: string }[]
  readonly nowMs: number
}

const conflict = (message: string): Answer => new Answer(409, 'conflict', message)

function refuseUnknownDetector(detector: string, { detectors }: Asked): void {
  const known = detectors.map(({ id }) => id)
  if (known.includes(detector)) return
  const meant = suggestion(detector, known)
  const instead = meant === undefined ? `known: ${known.join(', ')}` : `did you mean ${meant}?`
  throw notFound(`body: there is no detector ${detector.slice(0, 64)}; ${instead}`)
}

async function checkSuppress(command: CommandOf<'suppress'>, at: Asked): Promise<void> {
  if (command.detector !== ANY_DETECTOR) refuseUnknownDetector(command.detector, at)
  if (isEverything(command) && at.grant.role !== 'admin') {
    throw new Answer(
      403,
      'forbidden',
      'only an admin may suppress every finding: name a detector, agent, target, peer or network',
    )
  }
  const wide = widthProblem(command)
  if (wide !== undefined) throw badRequest(`body: ${wide}`)
  const until = Date.parse(command.until)
  if (until <= at.nowMs) throw conflict('until has passed already')
  if (until > at.nowMs + LIMITS.suppression_ms_max) throw conflict('until is more than a year ahead')
  const { suppressions } = await at.views.held(command.tenant)
  if (suppressions.length < LIMITS.suppressions_per_tenant_max) return
  throw conflict(
    `${LIMITS.suppressions_per_tenant_max} suppressions are in force already: delete some, or make one with a wider scope`,
  )
}

/** Whether any event names the identity. A warehouse that is away cannot say: stopping an agent does not wait for it. */
async function wasSeen(identity: string, reader: TenantReader): Promise<boolean> {
  try {
    return await isKnown(reader, identity)
  } catch (error) {
    if (error instanceof WarehouseError) return true
    throw error
  }
}

async function checkQuarantine(command: CommandOf<'quarantine'>, at: Asked): Promise<void> {
  const { identities, open } = await at.views.held(command.tenant)
  if (open + command.identities.length > LIMITS.quarantines_open_per_tenant_max) {
    throw conflict(
      `${counted(open, 'identity', 'identities')} are held or wait already, and ${LIMITS.quarantines_open_per_tenant_max} may be`,
    )
  }
  if (command.force === true) return
  for (const identity of command.identities) {
    if (identities.has(identity) || (await wasSeen(identity, at.reader))) continue
    throw notFound(
      `no event names the identity ${JSON.stringify(identity)}: check how it is written, or order it with "force": true`,
    )
  }
}

async function checkQuarantineIds(ids: readonly string[], command: Command, at: Asked): Promise<void> {
  const { quarantines } = await at.views.held(command.tenant)
  const unknown = ids.find((id) => !quarantines.has(id))
  if (unknown !== undefined) throw notFound(`there is no quarantine ${unknown}`)
}

async function checkIncidents(ids: readonly string[], command: Command, at: Asked): Promise<void> {
  for (const id of ids) {
    if ((await at.views.incident(command.tenant, id)) === undefined) throw notFound(`there is no incident ${id}`)
  }
}

async function checkSinkTest({ tenant, sink }: CommandOf<'test-sink'>, at: Asked): Promise<void> {
  const known = await at.views.sinks(tenant)
  const found = known.find(({ name }) => name === sink)
  if (found === undefined) {
    const names = known.map(({ name }) => name).join(', ')
    throw notFound(`there is no sink ${sink.slice(0, 64)}; known: ${names === '' ? 'none' : names}`)
  }
  if (found.status === 'disabled') throw conflict(`the sink ${found.name} is disabled: enable it first`)
}

/** Throws the Answer that a command deserves which would be refused, or would change nothing for sure. */
async function check(command: Command, at: Asked): Promise<void> {
  switch (command.type) {
    case 'suppress':
      return checkSuppress(command, at)
    case 'unsuppress': {
      const { suppressions } = await at.views.held(command.tenant)
      if (suppressions.some(({ id }) => id === command.suppression_id)) return undefined
      throw notFound(`there is no suppression ${command.suppression_id}`)
    }
    case 'quarantine':
      return checkQuarantine(command, at)
    case 'release':
    case 'approve':
      return checkQuarantineIds(command.quarantine_ids, command, at)
    case 'verdict':
      return refuseUnknownDetector(command.detector, at)
    case 'triage':
    case 'merge':
      return checkIncidents(command.incident_ids, command, at)
    case 'split':
      return checkIncidents([command.incident_id], command, at)
    case 'comment':
      return checkIncidents([command.incident_id], command, at)
    case 'create-token':
      if (command.expires_at === undefined || Date.parse(command.expires_at) > at.nowMs) return undefined
      throw conflict('expires_at has passed already')
    case 'revoke-token':
      if ((await at.views.token(command.tenant, command.token_id)) !== undefined) return undefined
      throw notFound(`there is no token ${command.token_id}: those of the configuration file are ended there`)
    case 'test-sink':
      return checkSinkTest(command, at)
    case 'record':
    case 'forget':
    case 'configuration':
    case 'stop':
    case 'resume':
    case 'replay':
    case 'enable-sink':
      return undefined
  }
}

export interface CommandAdmission {
  /** Resolves where the command may go into the log, and counts it as waiting. Throws Answer. */
  admit(command: Command, grant: Grant, reader: TenantReader): Promise<void>
}

export interface CommandAdmissionTools {
  readonly views: Asked['views']
  readonly detectors: Asked['detectors']
  readonly clock: Clock
}

/** Makes the admission of commands. It remembers which commands of a tenant wait, so that one tenant cannot fill the queue of another. */
export function createCommandAdmission({ views, detectors, clock }: CommandAdmissionTools): CommandAdmission {
  const waiting = new Map<string, Map<string, number>>()

  const refuseWhereTooManyWait = async (tenant: string, nowMs: number): Promise<Map<string, number>> => {
    const own = waiting.get(tenant) ?? new Map<string, number>()
    waiting.set(tenant, own)
    if (own.size < LIMITS.commands_waiting_max) return own
    for (const [id, sentMs] of own) {
      const isOver = sentMs < nowMs - LIMITS.commands_waiting_ms_max
      if (isOver || (await views.command(tenant, id)) !== undefined) own.delete(id)
    }
    if (own.size < LIMITS.commands_waiting_max) return own
    throw new Answer(429, 'too_many_waiting', `${counted(own.size, 'command')} wait to be applied: ask again soon`)
  }

  return {
    async admit(command, grant, reader) {
      const nowMs = clock.now()
      const allowed = permit(grant, RIGHTS[command.type])
      if (!allowed.ok) throw new Answer(allowed.status, allowed.code, allowed.message)
      await check(command, { grant, views, reader, detectors, nowMs })
      const own = await refuseWhereTooManyWait(command.tenant, nowMs)
      own.set(command.id, nowMs)
    },
  }
}
