/** Blast radius: what the agent reached during the incident, marked if a finding is based on it. */
import type { EventRecord, Finding } from '../answers.ts'
import { Card, Foreign, searchPath, Tag, term } from './basics.tsx'

const KINDS = [
  ['target', 'Targets'],
  ['peer_domains', 'Peers'],
  ['credential', 'Credentials'],
  ['source_address', 'Sources'],
  ['session', 'Sessions'],
  ['instance', 'Instances'],
] as const

/** Values of one kind that are shown; the count covers the rest. */
const SHOWN_MAX = 8

interface Reached {
  readonly count: number
  readonly evidence: boolean
}

function reached(
  events: readonly EventRecord[],
  field: (typeof KINDS)[number][0],
  evidence: ReadonlySet<string>,
): [string, Reached][] {
  const values = new Map<string, Reached>()
  for (const event of events) {
    for (const value of [event[field]].flat()) {
      if (typeof value !== 'string' || value === '') continue
      const before = values.get(value)
      values.set(value, {
        count: (before?.count ?? 0) + 1,
        evidence: before?.evidence === true || evidence.has(event.event_id),
      })
    }
  }
  return [...values].sort(([, a], [, b]) => Number(b.evidence) - Number(a.evidence) || b.count - a.count)
}

export function Touched({ events, findings }: { events: readonly EventRecord[]; findings: readonly Finding[] }) {
  const evidence = new Set(findings.flatMap((finding) => finding.evidence.map(({ event_id }) => event_id)))
  return (
    <Card title="What it touched">
      <dl class="facts">
        {KINDS.map(([field, title]) => {
          const values = reached(events, field, evidence)
          if (values.length === 0) return null
          return [
            <dt key={`${field}-title`}>
              {title} ({values.length})
            </dt>,
            <dd key={field} class="tags">
              {values.slice(0, SHOWN_MAX).map(([value, { count, evidence: isEvidence }]) => (
                <span key={value} class="reached">
                  <a href={searchPath(term(field, value))}>
                    <Foreign text={value} short />
                  </a>
                  <span class="faint">×{count}</span>
                  {isEvidence ? <Tag text="evidence" tone="bad" /> : null}
                </span>
              ))}
              {values.length > SHOWN_MAX ? <span class="faint">and {values.length - SHOWN_MAX} more</span> : null}
            </dd>,
          ]
        })}
      </dl>
    </Card>
  )
}
