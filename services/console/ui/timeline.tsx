/** A timeline: events, findings and what people and moltwatch did, in one order, each with its moment. */
import type { ComponentChildren } from 'preact'
import { Time } from './basics.tsx'

export interface Moment {
  readonly key: string
  /** ISO 8601 in UTC. */
  readonly at: string
  /** Order among moments of one time. */
  readonly order: number
  readonly kind: 'event' | 'finding' | 'act' | 'after'
  readonly text: ComponentChildren
}

export const inOrder = (moments: readonly Moment[]): Moment[] =>
  moments.toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at) || a.order - b.order)

export const Timeline = ({ moments }: { moments: readonly Moment[] }) => (
  <ol class="timeline">
    {inOrder(moments).map((moment) => (
      <li key={moment.key} class={moment.kind}>
        <Time at={moment.at} />
        <div>{moment.text}</div>
      </li>
    ))}
  </ol>
)
