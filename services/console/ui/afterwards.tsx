/** What the agent of a finding did after it, in order. Loaded on demand, because it continues. */
import { useState } from 'preact/hooks'
import type { Answer } from '../client.ts'
import { counted } from '../format.ts'
import { useQuestion } from '../question.ts'
import { Answered, Empty } from './basics.tsx'
import { EventText } from './event.tsx'
import { Timeline } from './timeline.tsx'

type After = Answer<'GET', '/v1/findings/{id}/after'>

const SHOWN_MAX = 50

const Acts = ({ items, events }: After) => {
  if (events === 0) return <Empty>It has done nothing since.</Empty>
  return (
    <>
      <p class="faint">
        {counted(events, 'event')} since{events > items.length ? `, the first ${items.length} shown` : ''}
      </p>
      <Timeline
        moments={items.map((event, order) => ({
          key: event.event_id,
          at: event.time,
          order,
          kind: 'after',
          text: <EventText event={event} />,
        }))}
      />
    </>
  )
}

export function Afterwards({ findingId }: { findingId: string }) {
  const [open, setOpen] = useState(false)
  const question = useQuestion(open ? '/v1/findings/{id}/after' : undefined, {
    path: { id: findingId },
    query: { limit: SHOWN_MAX },
  })
  return (
    <>
      <button type="button" aria-expanded={open} onClick={() => setOpen(!open)}>
        What did it do afterwards?
      </button>
      {open ? <Answered question={question}>{(after) => <Acts {...after} />}</Answered> : null}
    </>
  )
}
