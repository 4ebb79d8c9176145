/**
 * Labels: what is known about the runs or events of a labelled file. A label with a `session` is about a run, one with an
 * `eventID` (or `source_id`) about a single event. Other fields are kept for folding.
 */
import { UsageError } from '../../lib/errors.ts'
import { readValues } from '../import/requests.ts'

/** Classes of runs and labels of events that say "attack". */
const POSITIVE = new Set(['malicious', 'attack'])
/** What nobody can call right or wrong: left out of every figure. */
const UNSCORED = new Set(['ambiguous', 'setup', 'unscored_side_effect'])

export interface RunLabel {
  readonly session: string
  readonly class: string
  /** source_id of the calls that carry the attack out. */
  readonly malicious: ReadonlySet<string>
  readonly scored: boolean
  readonly positive: boolean
  readonly fields: Readonly<Record<string, unknown>>
}

export interface EventLabel {
  readonly sourceId: string
  /** The label; for a background event with benign novelty, the kind of novelty. */
  readonly class: string
  readonly scored: boolean
  readonly positive: boolean
  /** Events of one incident are one attack. */
  readonly incident: string
  readonly fields: Readonly<Record<string, unknown>>
}

export interface Labels {
  readonly runs: ReadonlyMap<string, RunLabel>
  readonly events: ReadonlyMap<string, EventLabel>
}

const word = (value: unknown): string => (typeof value === 'string' || typeof value === 'number' ? String(value) : '')

function runLabel(session: string, fields: Record<string, unknown>): RunLabel {
  const name = word(fields['class'])
  const calls = fields['malicious_calls']
  return {
    session,
    class: name,
    malicious: new Set(Array.isArray(calls) ? calls.map(word) : []),
    scored: !UNSCORED.has(name) && fields['phase'] !== 'warmup',
    positive: POSITIVE.has(name),
    fields,
  }
}

function eventLabel(sourceId: string, fields: Record<string, unknown>): EventLabel {
  const label = word(fields['label'])
  const churn = word(fields['churn'])
  const group = word(fields['incident']) || word(fields['group'])
  return {
    sourceId,
    class: churn === '' ? label : `${label}, ${churn}`,
    scored: !UNSCORED.has(label) && fields['phase'] !== 'warmup',
    positive: POSITIVE.has(label),
    // An attack event without an incident is a separate one.
    incident: group === '' ? sourceId : group,
    fields,
  }
}

/** Reads label files, plain or gzip, one JSON object per line. Throws UsageError if one has another form. */
export async function readLabels(paths: readonly string[]): Promise<Labels> {
  const runs = new Map<string, RunLabel>()
  const events = new Map<string, EventLabel>()
  for (const path of paths) {
    for await (const { value, line } of readValues(path)) {
      const fields = value as Record<string, unknown>
      const session = word(fields['session'])
      const eventId = word(fields['eventID']) || word(fields['source_id'])
      if (session !== '' && word(fields['class']) !== '') runs.set(session, runLabel(session, fields))
      else if (eventId !== '' && word(fields['label']) !== '') events.set(eventId, eventLabel(eventId, fields))
      else {
        throw new UsageError(
          `${path}: line ${line} is no label: it needs session and class (a run), or eventID and label (an event)`,
        )
      }
    }
  }
  if (runs.size + events.size === 0) throw new UsageError(`${paths.join(', ')}: no label in it`)
  return { runs, events }
}
