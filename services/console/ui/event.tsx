/** One event in a line, and in full without its empty fields. */
import type { EventRecord } from '../answers.ts'
import { labelOf, visible } from '../format.ts'
import { Foreign, searchPath, Tag, term } from './basics.tsx'

/** Action, target, outcome, and what is odd about it. */
export function EventText(props: { event: EventRecord; evidence?: boolean; late?: string | undefined }) {
  const { event, evidence, late } = props
  const { event_id: id, action = 'unknown', target = '', outcome = 'unknown' } = event
  return (
    <span>
      <a href={searchPath(term('event_id', id))}>
        <Foreign text={action} />
      </a>{' '}
      <Foreign text={target} />{' '}
      {outcome === 'success' || outcome === 'unknown' ? null : <Tag text={outcome} tone="warn" />}
      {late === undefined ? null : (
        <Tag text={`came ${late} late`} tone="warn" title="It was received that long after it happened" />
      )}
      {evidence === true ? <Tag text="evidence" tone="bad" /> : null}
    </span>
  )
}

const SHOWN_APART: ReadonlySet<string> = new Set(['event_id', 'indicators', 'tenant'])

const valueText = (value: unknown): string =>
  typeof value === 'string' ? value : Array.isArray(value) ? value.join(', ') : JSON.stringify(value)

const isEmpty = (value: unknown): boolean =>
  value === null || value === undefined || value === '' || value === 0 || (Array.isArray(value) && value.length === 0)

/** Every field that says something; each value leads to the events that share it. */
export const EventFields = ({ event }: { event: EventRecord }) => (
  <dl class="facts">
    {Object.entries(event)
      .filter(([name, value]) => !SHOWN_APART.has(name) && !isEmpty(value))
      .map(([name, value]) => [
        <dt key={`${name}-name`}>{labelOf(name)}</dt>,
        <dd key={name}>
          {typeof value === 'string' && !name.endsWith('time') && name !== 'raw' ? (
            <a href={searchPath(term(name, value))}>
              <Foreign text={value} />
            </a>
          ) : (
            visible(valueText(value))
          )}
        </dd>,
      ])}
  </dl>
)
