/** Which detectors can see an agent, which still learn its habits and until when, and which are blind until something is set. */
import { useEffect, useRef } from 'preact/hooks'
import type { CoverageInFull } from '../answers.ts'
import { counted } from '../format.ts'
import type { Question } from '../question.ts'
import { Answered, Card, Time, watchedAnchor } from './basics.tsx'

type Sight = CoverageInFull['detectors'][number]

/** Names of detectors, with the mark of those that only watch. */
const Names = ({ sights }: { sights: readonly Sight[] }) => (
  <p class="tags">
    {sights.map(({ detector, mode }) => (
      <code key={detector}>
        {detector}
        {mode === 'shadow' ? ' (shadow)' : ''}
      </code>
    ))}
  </p>
)

function Learning({ sights, open }: { sights: readonly Sight[]; open: boolean }) {
  const byEnd = sights.toSorted((a, b) => (a.until ?? '').localeCompare(b.until ?? ''))
  return (
    <details open={open}>
      <summary>
        {counted(sights.length, 'detector')} still learning, until <Time at={byEnd.at(-1)?.until} brief />
      </summary>
      <p class="faint">What they compare with is not known yet. Nothing has to be set.</p>
      <dl class="facts">
        {byEnd.flatMap(({ detector, until }) => [
          <dt key={detector}>
            <code>{detector}</code>
          </dt>,
          <dd key={`${detector}-until`}>
            until <Time at={until} brief />
          </dd>,
        ])}
      </dl>
    </details>
  )
}

const Blind = ({ count, coverage, open }: { count: number; coverage: CoverageInFull; open: boolean }) => (
  <details open={open}>
    <summary>{counted(count, 'detector')} blind: what they need never comes</summary>
    <p class="faint">Most agents are of one kind and need only some of these. Send what the agent has:</p>
    <dl class="lacking">
      {coverage.lacking.flatMap(({ fields, detectors, send }) => [
        <dt key={fields.join()}>
          <code>{fields.join(' or ')}</code>: {send.join(', or ')}
        </dt>,
        <dd key={`${fields.join()}-detectors`} class="beneath">
          {detectors.join(', ')}
        </dd>,
      ])}
    </dl>
  </details>
)

function Groups({ coverage }: { coverage: CoverageInFull }) {
  const room = useRef<HTMLDivElement>(null)
  const wanted = location.hash === `#${watchedAnchor}`
  // The browser looked for it before it was there.
  useEffect(() => {
    if (wanted) room.current?.closest('.card')?.scrollIntoView()
  }, [wanted])
  const of = (sees: string): Sight[] => coverage.detectors.filter((sight) => sight.sees === sees)
  const [seeing, learning, blind] = [of('yes'), of('learning'), of('blind')]
  return (
    <div ref={room}>
      {coverage.advice.map((text) => (
        <p key={text}>{text}</p>
      ))}
      <details>
        <summary>{counted(seeing.length, 'detector')} can see it</summary>
        <Names sights={seeing} />
      </details>
      {learning.length === 0 ? null : <Learning sights={learning} open={wanted} />}
      {blind.length === 0 ? null : <Blind count={blind.length} coverage={coverage} open={wanted} />}
    </div>
  )
}

export const WatchedCard = ({ question }: { question: Question<CoverageInFull> }) => (
  <Card title="What is watched">
    <Answered question={question}>{(coverage) => <Groups coverage={coverage} />}</Answered>
  </Card>
)
