/**
 * Scores findings on a simulated company: which incidents were caught, what as many findings at random events would have
 * caught, and how often findings were false, by detector and by what misled it.
 *
 * An incident is caught if a finding names one of its identities, and either its evidence holds one of the incident's own
 * events or its time is within a span of the incident or an hour after. Rates are per 1,000 identity-days.
 */
import type { Finding } from '../../../schemas/finding.ts'
import { severityAtLeast } from '../../../schemas/finding.ts'
import { readValues } from '../import/requests.ts'
import type { Floor } from '../eval/score.ts'

const HOUR_MS = 3_600_000

/** The fields of a finding that are needed; trivial rules also produce them. */
export type Told = Pick<Finding, 'detector' | 'agent' | 'time' | 'evidence' | 'severity' | 'mode'>

interface Incident {
  readonly id: string
  readonly kind: string
  readonly difficulty: string
  readonly identities: ReadonlySet<string>
  readonly subjects: ReadonlySet<string>
  readonly spans: readonly (readonly [number, number])[]
  readonly events: ReadonlySet<string>
  /** Events near it: how large a target it is for a finding at random. */
  readonly around: number
}

export interface CompanyLabels {
  readonly incidents: readonly Incident[]
  readonly lookalikes: ReadonlyMap<string, string>
  readonly identityDays: number
  readonly events: number
  readonly days: number
}

const list = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : [])
const instant = (value: unknown): number => Date.parse(String(value))

function incidentOf(row: Readonly<Record<string, unknown>>): Incident {
  const spans = Array.isArray(row['spans']) ? (row['spans'] as readonly (readonly unknown[])[]) : []
  return {
    id: String(row['incident']),
    kind: String(row['kind']),
    difficulty: String(row['difficulty']),
    identities: new Set(list(row['identities'])),
    subjects: new Set(list(row['subjects'])),
    spans: spans.map(([from, to]) => [instant(from), instant(to)] as const),
    events: new Set(list(row['events'])),
    around: Number(row['around'] ?? 0),
  }
}

/** Reads the labels of a company: a line `meta`, lines `incident` and `lookalike`. */
export async function readCompanyLabels(path: string): Promise<CompanyLabels> {
  const incidents: Incident[] = []
  const lookalikes = new Map<string, string>()
  let meta = new Map<string, unknown>()
  for await (const { value } of readValues(path)) {
    const row = value as Readonly<Record<string, unknown>>
    if (row['type'] === 'meta') meta = new Map(Object.entries(row))
    else if (row['type'] === 'incident') incidents.push(incidentOf(row))
    else for (const id of list(row['events'])) lookalikes.set(id, String(row['kind']))
  }
  const number = (name: string): number => Number(meta.get(name) ?? 0)
  return {
    incidents,
    lookalikes,
    identityDays: number('identity_days'),
    events: number('events'),
    days: number('days'),
  }
}

type Way = 'evidence' | 'time'

/** How a finding relates to an incident: it catches it, touches it under another name, or is unrelated. */
function wayOf(finding: Told, incident: Incident): Way | 'misnamed' | undefined {
  const touches = finding.evidence.some(({ source_id: id }) => incident.events.has(id))
  const mine = incident.identities.has(finding.agent)
  if (touches) return mine || incident.subjects.has(finding.agent) ? 'evidence' : 'misnamed'
  const time = Date.parse(finding.time)
  const within = incident.spans.some(([from, to]) => time >= from && time <= to + HOUR_MS)
  return mine && within ? 'time' : undefined
}

export interface CompanyScore {
  readonly caught: number
  readonly of: number
  /** Strictly: time alone catches nothing, and what rests on it is false. */
  readonly strict: { readonly caught: number; readonly false_per_1000: number }
  /** What as many findings at random events would catch. */
  readonly by_chance: number
  readonly findings: number
  readonly true_findings: number
  readonly false_findings: number
  readonly misnamed: number
  readonly precision: number | null
  readonly false_per_1000: number
  /** The same by occasion: what is false about one identity within one hour is one thing to read. */
  readonly false_occasions_per_1000: number
  /** Hours of a day in which anything false was told, of anybody. */
  readonly false_hours_per_day: number
  /** By kind of incident: caught and how many there are. */
  readonly kinds: Readonly<Record<string, readonly [number, number]>>
  readonly difficulties: Readonly<Record<string, readonly [number, number]>>
  /** False findings per 1,000 identity-days by what misled the detector. */
  readonly lookalikes: Readonly<Record<string, number>>
}

const round = (value: number, digits = 2): number => Number(value.toFixed(digits))

function shares(incidents: readonly Incident[], caught: ReadonlySet<string>, by: 'kind' | 'difficulty') {
  const groups = Map.groupBy(incidents, (incident) => incident[by])
  const rows = [...groups].map(
    ([name, all]) => [name, [all.filter(({ id }) => caught.has(id)).length, all.length] as const] as const,
  )
  return Object.fromEntries(rows.sort(([a], [b]) => (a < b ? -1 : 1)))
}

interface Judgement {
  /** Incidents that it catches, and those of them that it catches strictly. */
  readonly caught: readonly string[]
  readonly strictly: readonly string[]
  readonly misnamed: boolean
}

function judgementOf(finding: Told, incidents: readonly Incident[]): Judgement {
  const ways = incidents.map((incident) => [incident, wayOf(finding, incident)] as const)
  const hits = ways.filter(([, way]) => way === 'evidence' || way === 'time')
  return {
    caught: hits.map(([{ id }]) => id),
    // An incident without events of its own can be caught by time alone.
    strictly: hits.filter(([{ events }, way]) => way === 'evidence' || events.size === 0).map(([{ id }]) => id),
    misnamed: ways.some(([, way]) => way === 'misnamed'),
  }
}

export function scoreCompany(labels: CompanyLabels, findings: readonly Told[], floor: Floor): CompanyScore {
  const [ids, strictly] = [new Set<string>(), new Set<string>()]
  const misled = new Map<string, number>()
  const [occasions, hours] = [new Set<string>(), new Set<number>()]
  let [told, right, wrong, misnamed, byTimeAlone] = [0, 0, 0, 0, 0]
  for (const finding of findings) {
    if (finding.mode === 'shadow' || !severityAtLeast(finding.severity, floor)) continue
    told++
    const judged = judgementOf(finding, labels.incidents)
    for (const id of judged.caught) ids.add(id)
    for (const id of judged.strictly) strictly.add(id)
    if (judged.caught.length > 0) {
      right++
      if (judged.strictly.length === 0 && !judged.misnamed) byTimeAlone++
    } else if (judged.misnamed) misnamed++
    else {
      wrong++
      const hour = Math.floor(Date.parse(finding.time) / HOUR_MS)
      occasions.add(`${hour} ${finding.agent}`)
      hours.add(hour)
      const kind = finding.evidence
        .map(({ source_id: id }) => labels.lookalikes.get(id))
        .find((one) => one !== undefined)
      misled.set(kind ?? 'ordinary', (misled.get(kind ?? 'ordinary') ?? 0) + 1)
    }
  }
  const perThousand = (count: number): number => round((1_000 * count) / Math.max(1, labels.identityDays))
  const chance = labels.incidents.reduce((sum, { around }) => sum + 1 - (1 - around / labels.events) ** told, 0)
  return {
    caught: ids.size,
    of: labels.incidents.length,
    strict: { caught: strictly.size, false_per_1000: perThousand(wrong + byTimeAlone) },
    by_chance: round(chance, 1),
    findings: told,
    true_findings: right,
    false_findings: wrong,
    misnamed,
    precision: told === 0 ? null : round(right / told, 3),
    false_per_1000: perThousand(wrong),
    false_occasions_per_1000: perThousand(occasions.size),
    false_hours_per_day: round(hours.size / Math.max(1, labels.days)),
    kinds: shares(labels.incidents, ids, 'kind'),
    difficulties: shares(labels.incidents, ids, 'difficulty'),
    lookalikes: Object.fromEntries(
      [...misled].sort(([, a], [, b]) => b - a).map(([kind, count]) => [kind, perThousand(count)] as const),
    ),
  }
}
