/** The audit log: who did what, when, to what, and what came of it. */
import type { AuditEntry } from '../answers.ts'
import { hrefOf } from '../client.ts'
import { useState } from 'preact/hooks'
import { useQuestion } from '../question.ts'
import { Answered, Card, Empty, Foreign, incidentPath, Sentence, Tag, Time } from './basics.tsx'
import { Turn, useTurning } from './pages-of.tsx'
import { Rows } from './rows.tsx'

const TONES: Readonly<Record<string, 'good' | 'bad' | 'warn'>> = {
  applied: 'good',
  nothing: 'warn',
  refused: 'bad',
  failed: 'bad',
}

const words = (act: string): string => act.replaceAll('-', ' ')

const tone = (status: string) => {
  const known = TONES[status]
  return known === undefined ? {} : { tone: known }
}

const ON_INCIDENTS: ReadonlySet<string> = new Set(['triage', 'merge', 'split', 'comment'])

/** Of an act on many; the export has all. */
const SUBJECTS_SHOWN = 5

/** What was acted on; incidents link to their pages. */
const Subject = ({ act, content }: AuditEntry) => {
  if (content === null) return <>forgotten</>
  const shown = content.subject.slice(0, act === 'split' ? 1 : SUBJECTS_SHOWN)
  const more = act === 'split' ? 0 : content.subject.length - shown.length
  if (!ON_INCIDENTS.has(act))
    return (
      <>
        <Foreign text={shown.join(', ')} />
        {more > 0 ? <div class="beneath">and {more} more</div> : null}
      </>
    )
  return (
    <>
      {shown.map((id) => (
        <div key={id}>
          <a href={incidentPath(id)}>
            incident <Foreign text={id.slice(0, 8)} />
          </a>
        </div>
      ))}
      {more > 0 ? <div class="beneath">and {more} more</div> : null}
    </>
  )
}

const CHAINS = [
  ['/v1/audit', 'This tenant'],
  ['/v1/audit/base', 'Every tenant'],
] as const
type Chain = (typeof CHAINS)[number][0]

function Chains({ shown, show }: { shown: Chain; show(chain: Chain): void }) {
  return (
    <div class="acts" role="group" aria-label="Whose acts">
      {CHAINS.map(([chain, title]) => (
        <button key={chain} type="button" aria-pressed={chain === shown} onClick={() => show(chain)}>
          {title}
        </button>
      ))}
    </div>
  )
}

export function Audit() {
  const [path, show] = useState<Chain>('/v1/audit')
  const turning = useTurning(path)
  const question = useQuestion(path, { query: { limit: 25, cursor: turning.cursor } }, 5_000)
  return (
    <Card
      title="Audit log"
      aside={
        <a class="button" href={hrefOf('/v1/audit/export', { query: { format: 'ndjson' } })} download>
          Export
        </a>
      }
    >
      <p class="faint">
        A hash chain: <code>npm run -s moltwatch -- audit verify</code> verifies it. Changes of the rules that every
        tenant inherits from the configuration file have a separate chain.
      </p>
      <Chains shown={path} show={show} />
      <Answered question={question}>
        {({ items, next_cursor }) => (
          <>
            {items.length === 0 ? <Empty>Nobody has done anything yet.</Empty> : null}
            {items.length === 0 ? null : (
              <Rows
                label="Audit log"
                rows={items}
                keyOf={({ id }) => id}
                columns={[
                  { title: 'No', number: true, cell: ({ sequence }) => sequence },
                  { title: 'When', cell: ({ time }) => <Time at={time} brief /> },
                  { title: 'Who', cell: ({ by }) => <Foreign text={by} short /> },
                  { title: 'What', cell: ({ act }) => words(act) },
                  {
                    title: 'To what',
                    cell: (entry) => <Subject {...entry} />,
                  },
                  { title: 'Outcome', cell: ({ status }) => <Tag text={status} {...tone(status)} /> },
                  { title: 'Why', cell: ({ content }) => <Sentence text={content?.reason ?? ''} /> },
                ]}
              />
            )}
            <Turn turning={turning} next={next_cursor} />
          </>
        )}
      </Answered>
    </Card>
  )
}
