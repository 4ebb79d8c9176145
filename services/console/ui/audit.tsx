/** The audit log: who did what, when, to what, and what came of it. */
import type { AuditEntry, List } from '../answers.ts'
import { addressOf } from '../client.ts'
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

/** What was acted on; incidents lead to their pages. */
const Subject = ({ act, content }: AuditEntry) => {
  if (content === null) return <>forgotten</>
  if (!ON_INCIDENTS.has(act)) return <Foreign text={content.subject.join(', ')} />
  return (
    <>
      {(act === 'split' ? content.subject.slice(0, 1) : content.subject).map((id) => (
        <div key={id}>
          <a href={incidentPath(id)}>
            incident <Foreign text={id.slice(0, 8)} />
          </a>
        </div>
      ))}
    </>
  )
}

export function Audit() {
  const turning = useTurning()
  const question = useQuestion<List<AuditEntry>>('/v1/audit', { limit: 25, cursor: turning.cursor }, 5_000)
  return (
    <Card
      title="Audit log"
      aside={
        <a class="button" href={addressOf('/v1/audit/export', { format: 'ndjson' })} download>
          Export
        </a>
      }
    >
      <p class="faint">
        A chain of hashes: <code>npm run -s moltwatch -- audit verify</code> says whether it is whole.
      </p>
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
