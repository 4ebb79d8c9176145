/** Who else touched what a finding is based on. Loaded on demand, by keyed hashes, so that no text has to be kept for it. */
import { useState } from 'preact/hooks'
import type { Answer } from '../client.ts'
import { counted } from '../format.ts'
import { useQuestion } from '../question.ts'
import { Agent, Ago, Answered, Empty, searchPath, term } from './basics.tsx'

type Shared = Answer<'GET', '/v1/findings/{id}/shared'>

/** Values that are listed; those that few touched come first. */
const SHOWN_MAX = 10

const Values = ({ values }: Shared) => {
  const touched = values.filter(({ identities }) => identities.length > 0)
  if (touched.length === 0) return <Empty>Nobody else touched the same values.</Empty>
  return (
    <ul>
      {touched.slice(0, SHOWN_MAX).map(({ value, identities }) => (
        <li key={value}>
          <a href={searchPath(term('value', value))}>One value</a>, {counted(identities.length, 'other agent')}:{' '}
          {identities.slice(0, 5).map((one) => (
            <span key={one.identity}>
              <Agent identity={one.identity} />{' '}
              <span class="faint">
                (first <Ago at={one.first_seen} />)
              </span>{' '}
            </span>
          ))}
        </li>
      ))}
    </ul>
  )
}

export function SharedValues({ findingId }: { findingId: string }) {
  const [open, setOpen] = useState(false)
  const question = useQuestion(open ? '/v1/findings/{id}/shared' : undefined, { path: { id: findingId } })
  return (
    <>
      <button type="button" aria-expanded={open} onClick={() => setOpen(!open)}>
        Who else touched the same values?
      </button>
      {open ? <Answered question={question}>{({ values }) => <Values values={values} />}</Answered> : null}
    </>
  )
}
