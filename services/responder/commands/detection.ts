/** What people teach the detectors, and what they want to hear no more. */
import type { CommandOf } from '../../../schemas/command.ts'
import { canonicalJson, configurationHash, SETTINGS } from '../../../schemas/configuration.ts'
import { encodeControl } from '../../../schemas/frame.ts'
import { LIMITS } from '../../../schemas/limits.ts'
import { ANY_DETECTOR } from '../../../schemas/any-detector.ts'
import { scopeOf, type Suppression, widthProblem } from '../../../schemas/suppression.ts'
import { tellSuppression } from '../suppressions.ts'
import { applied, type CommandDeps, type Done, type Handlers, nothing, refused } from './handler.ts'

/** Why a suppression may not be made, for people; undefined if it may. */
function suppressionProblem(deps: CommandDeps, command: CommandOf<'suppress'>, nowMs: number): string | undefined {
  const { detector, until, tenant } = command
  if (detector !== ANY_DETECTOR && !deps.isDetector(detector)) return `there is no detector ${detector}`
  const wide = widthProblem(command)
  if (wide !== undefined) return wide
  if (Date.parse(until) <= nowMs) return 'its end has passed already'
  if (Date.parse(until) > nowMs + LIMITS.suppression_ms_max) return 'its end is more than a year ahead'
  if (deps.suppressions.list(tenant).length < LIMITS.suppressions_per_tenant_max) return undefined
  return `${LIMITS.suppressions_per_tenant_max} suppressions are in force already: delete some first`
}

async function suppress(deps: CommandDeps, command: CommandOf<'suppress'>, nowMs: number): Promise<Done> {
  const { suppressions, notices, metrics } = deps
  const { id, tenant, reason, by, time } = command
  if (suppressions.get(tenant, id) !== undefined) return nothing('it is in force already')
  const problem = suppressionProblem(deps, command, nowMs)
  if (problem !== undefined) return refused(problem)
  const until = new Date(command.until).toISOString()
  const one: Suppression = { id, tenant, scope: scopeOf(command), until, reason, by, time }
  await suppressions.add(one, (tx) => {
    tellSuppression(notices, tx, one, { type: 'suppression.added', by, reason }, nowMs)
  })
  metrics.suppressions.inc({ act: 'added' })
  return applied(1, `in force up to ${until}`)
}

async function verdict(deps: CommandDeps, command: CommandOf<'verdict'>, nowMs: number): Promise<Done> {
  const { store, incidents } = deps
  const { tenant, agent, detector, finding_id: findingId, by, reason } = command
  if (!deps.isDetector(detector)) return refused(`there is no detector ${detector}`)
  const control = {
    type: 'verdict',
    tenant,
    finding_id: findingId,
    detector,
    key: agent,
    verdict: command.verdict,
  } as const
  const partition = await deps.partitionOf(tenant, agent)
  await deps.appendControl(partition, encodeControl(control, nowMs))
  const incident = incidents.ofFinding(tenant, findingId)
  if (incident === undefined) return applied(1, 'sent to the detectors; no stored incident holds the finding')
  const because = reason === undefined ? '' : `: ${reason}`
  const text = `${command.verdict.replace('_', ' ')} by ${by}${because}`
  const tx = store.begin(tenant)
  incidents.note(tenant, incident.id, { time: command.time, kind: 'verdict', text, finding_id: findingId }, nowMs)
  incidents.save(tx, incident.id)
  await tx.commit()
  return applied(1, `noted in the incident ${incident.id}`)
}

export function detectionHandlers(
  deps: CommandDeps,
): Pick<Handlers, 'verdict' | 'suppress' | 'unsuppress' | 'configuration'> {
  const { sections, suppressions, notices, metrics } = deps
  return {
    verdict: (command, nowMs) => verdict(deps, command, nowMs),
    suppress: (command, nowMs) => suppress(deps, command, nowMs),
    async unsuppress({ tenant, suppression_id: id, by, reason }, nowMs) {
      const isEnded = await suppressions.end(tenant, id, (tx, ended) => {
        tellSuppression(notices, tx, ended, { type: 'suppression.ended', by, reason }, nowMs)
      })
      if (!isEnded) return nothing('there is no such suppression')
      metrics.suppressions.inc({ act: 'ended' })
      return applied(1, 'ended')
    },
    async configuration({ section = SETTINGS, tenant, hash, configuration }) {
      const wanted = hash ?? configurationHash(configuration ?? {})
      // Commands of older versions carry the content.
      if (configuration !== undefined) await sections.hold(wanted, Buffer.from(canonicalJson(configuration)))
      if (await sections.roll(section, tenant, wanted)) return applied(1, 'every partition holds it')
      return refused('its content is no longer in the log: it is asked for again at the next start')
    },
  }
}
