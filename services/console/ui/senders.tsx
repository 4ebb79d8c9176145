/** Who sends what: when each sender was last heard, how much it leaves out, and what to set so that more can be seen. */
import { useState } from 'preact/hooks'
import type { Coverage } from '../answers.ts'
import { counted } from '../format.ts'
import { useQuestion } from '../question.ts'
import { Ago, Answered, Card, Empty, Foreign } from './basics.tsx'
import { Rows } from './rows.tsx'

const blindOf = ({ detectors }: Coverage) => detectors.filter(({ sees }) => sees === 'blind')

/** Detectors that see nothing in what it sends; most senders are of one kind and need only some. */
const Blind = ({ sender }: { sender: Coverage }) => {
  const blind = blindOf(sender)
  return blind.length === 0 ? (
    <span class="faint">none</span>
  ) : (
    <details>
      <summary>{counted(blind.length, 'detector')}</summary>
      {blind.map(({ detector, lacks }) => (
        <div key={detector} class="beneath">
          {detector}: {lacks.map((any) => any.join(' or ')).join(', ')}
        </div>
      ))}
    </details>
  )
}

/** Asked for by a click: it reads every event. */
export function Senders() {
  const [asked, setAsked] = useState(false)
  const question = useQuestion(asked ? '/v1/coverage' : undefined, { query: { by: 'sender', limit: 200 } })
  return (
    <Card
      title="Senders"
      aside={
        asked ? null : (
          <button type="button" onClick={() => setAsked(true)}>
            Show who sends what
          </button>
        )
      }
    >
      {asked ? (
        <Answered question={question}>
          {({ items }) => (
            <>
              {items.length === 0 ? <Empty>Nothing has come in yet.</Empty> : null}
              <Rows
                label="Senders"
                rows={items.toSorted((a, b) => (a.last_seen < b.last_seen ? -1 : 1))}
                keyOf={({ name }) => name}
                columns={[
                  { title: 'Sender', cell: ({ name }) => (name === '' ? 'an import' : <Foreign text={name} short />) },
                  { title: 'Newest event', cell: ({ last_seen }) => <Ago at={last_seen} /> },
                  { title: 'Events', number: true, cell: ({ events }) => events.toLocaleString('en-GB') },
                  { title: 'Blind', cell: (sender) => <Blind sender={sender} /> },
                  { title: 'What to set', cell: ({ advice }) => advice.map((text) => <div key={text}>{text}</div>) },
                ]}
              />
            </>
          )}
        </Answered>
      ) : (
        <p class="faint">When each was last heard, the longest silent first, and which detectors see nothing of it.</p>
      )}
    </Card>
  )
}
