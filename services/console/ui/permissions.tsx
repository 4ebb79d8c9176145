/**
 * What an agent may do beside what it did: declared and used, declared and never used, used and not declared. What is declared
 * is the trust registry's, and where nothing is, the lines to write are shown.
 */
import type { ComponentChildren } from 'preact'
import type { Permissions, PermissionsOfPart } from '../answers.ts'
import { counted, visible } from '../format.ts'
import type { Question } from '../question.ts'
import { Ago, Answered, Card, Foreign, searchPath, Tag, term } from './basics.tsx'

const PARTS = [
  ['Actions', 'actions', 'action'],
  ['Targets', 'targets', 'target'],
  ['Peers', 'peers', 'peer'],
] as const
/** Lines of one part and column; the number in its title covers all. */
const SHOWN_MAX = 12

interface Line {
  readonly name: string
  readonly events: number
  readonly last: string | null
  readonly tag?: ComponentChildren
  /** The search of its events. */
  readonly query?: string
}

const Lines = (props: { column: string; part: string; count: number; lines: readonly Line[] }) => {
  const { column, part, count, lines } = props
  const label = `${column}: ${part.toLowerCase()}`
  return count === 0 ? null : (
    <section class="table used" aria-label={label} tabIndex={0}>
      <h4>
        {part} ({count.toLocaleString('en-GB')})
      </h4>
      <table aria-label={label}>
        <tbody>
          {lines.slice(0, SHOWN_MAX).map(({ name, events, last, tag, query }) => (
            <tr key={name}>
              <th scope="row">
                {query === undefined ? (
                  <Foreign text={name} short />
                ) : (
                  <a href={query}>
                    <Foreign text={name} short />
                  </a>
                )}{' '}
                {tag}
              </th>
              <td class="number">{events.toLocaleString('en-GB')}</td>
              <td>{last === null ? <span class="faint">never</span> : <Ago at={last} />}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {count > SHOWN_MAX ? <p class="faint">and {(count - SHOWN_MAX).toLocaleString('en-GB')} more</p> : null}
    </section>
  )
}

type Entries = PermissionsOfPart['allowed']
const entryLines = (entries: Entries): Line[] =>
  entries.map(({ entry, events, last_used }) => ({ name: entry, events, last: last_used }))

/** One column: the same lines of each part. */
function Column(props: {
  title: string
  about: string
  none: string
  of(part: PermissionsOfPart, field: string): readonly [number, readonly Line[]]
  answer: Permissions
}) {
  const { title, about, none, of, answer } = props
  const parts = PARTS.map(([name, part, field]) => [name, ...of(answer[part], field)] as const)
  const isEmpty = parts.every(([, count]) => count === 0)
  return (
    <div>
      <h3>{title}</h3>
      <p class="faint">{isEmpty ? none : about}</p>
      {parts.map(([name, count, lines]) => (
        <Lines key={name} column={title} part={name} count={count} lines={lines} />
      ))}
    </div>
  )
}

const split = (entries: Entries, isUsed: boolean): readonly [number, readonly Line[]] => {
  const lines = entryLines(entries.filter(({ events }) => events > 0 === isUsed))
  return [lines.length, lines]
}

/** What it must never do, and whether it did. */
function Forbidden({ answer }: { answer: Permissions }) {
  const entries = PARTS.flatMap(([, part]) => answer[part].never)
  if (entries.length === 0) return null
  return (
    <p class="tags">
      Must never:{' '}
      {entries.map(({ entry, events }) => (
        <span key={entry} class="reached">
          <Foreign text={entry} short />
          {events === 0 ? <span class="faint">not seen</span> : <Tag text={counted(events, 'event')} tone="bad" />}
        </span>
      ))}
    </p>
  )
}

/** Parts whose values are proposed: targets are too many to list. */
const PROPOSED = ['actions', 'peers'] as const

const REASONS = [
  ['recent', 'first used within the last day'],
  ['incident', 'first used around an incident that is open or was confirmed'],
  ['denied', 'only ever denied'],
  ['never', 'forbidden'],
  ['pattern', 'would be read as a pattern'],
  ['more', 'less used than these'],
] as const

/** How many acts are not proposed, and why; undefined where all are. */
function leftOut(answer: Permissions): string | undefined {
  const reasons = REASONS.map(([reason, words]) => {
    const count = PROPOSED.reduce((sum, part) => sum + answer[part].left_out[reason], 0)
    return { count, words }
  }).filter(({ count }) => count > 0)
  if (reasons.length === 0) return undefined
  const total = reasons.reduce((sum, { count }) => sum + count, 0)
  const why = reasons.map(({ count, words }) => `${count.toLocaleString('en-GB')} ${words}`)
  return `${counted(total, 'value')} left out: ${why.join(', ')}.`
}

/** A list in YAML, each text quoted: what a sender wrote is no syntax. */
const listed = (values: readonly string[]): string => values.map((value) => JSON.stringify(value)).join(', ')

function Proposal({ identity, answer }: { identity: string; answer: Permissions }) {
  const lists = PROPOSED.flatMap((part) =>
    answer[part].proposed.length === 0 ? [] : [`      ${part}: [${listed(answer[part].proposed)}]`],
  )
  const left = leftOut(answer)
  const without = left === undefined ? null : <p class="faint">{left}</p>
  if (identity.endsWith('*')) {
    return <p>Its name ends with *: an entry with that name would hold for every agent whose name begins like it.</p>
  }
  if (lists.length === 0 && left !== undefined) {
    return (
      <>
        <p>It has not been known long enough to propose what it may do.</p>
        {without}
      </>
    )
  }
  const allowed = lists.length === 0 ? [] : ['    allowed:', ...lists]
  const lines = ['agents:', `  - agent: ${JSON.stringify(identity)}`, ...allowed]
  return (
    <>
      <p>
        To declare what it may do, write it into <code>agents.yaml</code> next to the configuration file, and take out
        what it should not do:
      </p>
      <pre aria-label="agents.yaml">{lines.map(visible).join('\n')}</pre>
      {without}
    </>
  )
}

const HowToDeclare = ({ identity, answer }: { identity: string; answer: Permissions }) => (
  <>
    <p>
      {answer.registry === 'none'
        ? 'Nothing is declared: the trust registry lists no agent.'
        : 'Nothing is declared for this agent: no entry of the trust registry fits it.'}{' '}
      {answer.strict ? 'The registry is strict, so all that an unlisted agent does is a finding.' : null}
    </p>
    <Proposal identity={identity} answer={answer} />
  </>
)

const undeclaredOf =
  (identity: string) =>
  (part: PermissionsOfPart, field: string): readonly [number, readonly Line[]] => [
    part.undeclared_count,
    part.undeclared.map(({ value, events, last_seen, trusted }) => ({
      name: value,
      events,
      last: last_seen,
      query: searchPath(`${term('identity', identity)} ${term(field, value)}`),
      tag: trusted ? <Tag text="trusted peer" tone="good" /> : null,
    })),
  ]

function Compared({ identity, answer }: { identity: string; answer: Permissions }) {
  // All that it used stands further down, so the lines to write are enough here.
  if (answer.registry !== 'listed') return <HowToDeclare identity={identity} answer={answer} />
  return (
    <>
      <Forbidden answer={answer} />
      <div class="permissions">
        <Column
          title="Declared and used"
          about="Entries that it needed."
          none="Nothing that is declared was used."
          of={({ allowed }) => split(allowed, true)}
          answer={answer}
        />
        <Column
          title="Declared, never used"
          about="Candidates to remove."
          none="No entry is unused."
          of={({ allowed }) => split(allowed, false)}
          answer={answer}
        />
        <Column
          title="Used, not declared"
          about="Where a list exists, each of these is a finding."
          none="All that it did is declared."
          of={undeclaredOf(identity)}
          answer={answer}
        />
      </div>
      {PARTS.every(([, part]) => answer[part].whole) ? null : (
        <p class="faint">It used so many values that the rarest were not compared: an entry may be used nonetheless.</p>
      )}
    </>
  )
}

export function PermissionsCard({ identity, question }: { identity: string; question: Question<Permissions> }) {
  const { answer } = question
  return (
    <Card
      title={answer === undefined ? 'Permissions' : `Permissions, last ${counted(answer.days, 'day')}`}
      aside={
        answer === undefined || answer.owner === '' ? null : (
          <span class="faint">
            Ask <Foreign text={answer.owner} short />
          </span>
        )
      }
    >
      <Answered question={question}>
        {(found) => (
          <>
            <Compared identity={identity} answer={found} />
            {found.kinds.length === 0 ? null : (
              <p class="faint">
                Kinds of acts:{' '}
                {found.kinds.map(({ value, events }) => `${value} ${counted(events, 'event')}`).join(', ')}
              </p>
            )}
          </>
        )}
      </Answered>
    </Card>
  )
}
