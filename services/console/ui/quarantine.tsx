/** Stopping an agent, releasing it, and the state of both. */
import type { ComponentChildren } from 'preact'
import type { Quarantine } from '../answers.ts'
import { change } from '../client.ts'
import { Foreign, Sentence, Tag, Time } from './basics.tsx'
import { Act } from './dialog.tsx'

const TONES: Readonly<Record<string, 'good' | 'bad' | 'warn'>> = {
  proposed: 'warn',
  requested: 'warn',
  sent: 'warn',
  acknowledged: 'good',
  proven: 'good',
  unproven: 'bad',
  refused: 'bad',
}
const HOLDING: ReadonlySet<string> = new Set(['requested', 'sent', 'acknowledged', 'proven', 'unproven'])

export const isHeld = (quarantine: Quarantine): boolean => HOLDING.has(quarantine.status)

export function QuarantineTag({ quarantine }: { quarantine: Quarantine }) {
  const tone = TONES[quarantine.status]
  return <Tag text={quarantine.status} title={quarantine.status_reason} {...(tone === undefined ? {} : { tone })} />
}

/** Whether it holds, in a word or two, for a list: yes, not yet, or no more. */
const ANSWERS: Readonly<Record<Quarantine['status'], readonly [string, 'good' | 'warn' | undefined]>> = {
  acknowledged: ['yes', 'good'],
  requested: ['unconfirmed', 'warn'],
  sent: ['unconfirmed', 'warn'],
  proposed: ['needs approval', 'warn'],
  shadow: ['no: shadow', undefined],
  refused: ['no: refused', undefined],
  released: ['no: released', undefined],
  expired: ['no: expired', undefined],
}

export function ContainedTag({ quarantine: { status, status_reason } }: { quarantine: Quarantine }) {
  const [text, tone] = ANSWERS[status]
  return <Tag text={text} title={status_reason} {...(tone === undefined ? {} : { tone })} />
}

/** Orders the quarantine of an identity. */
export const QuarantineAct = (props: { identity: string; findingIds: readonly string[]; done(): void }) => (
  <Act
    label="Quarantine"
    tone="danger"
    shortcut="q"
    explain={
      <>
        Orders every connected gateway and sink to stop <Foreign text={props.identity} />, and puts it on the list that
        the gate asks.
      </>
    }
    run={(reason) =>
      change('POST', '/v1/quarantines', {
        body: { identity: props.identity, reason, finding_ids: [...props.findingIds] },
      })
    }
    done={props.done}
  />
)

/** Release, or approve what was proposed. */
export function QuarantineActs({ quarantine, done }: { quarantine: Quarantine; done(): void }): ComponentChildren {
  const order = (verb: 'release' | 'approve') => (reason: string) =>
    change('POST', `/v1/quarantines/{id}/${verb}`, { path: { id: quarantine.id }, body: { reason } })
  return (
    <div class="acts">
      {quarantine.status === 'proposed' ? (
        <Act
          label="Approve"
          tone="danger"
          explain="Carries out what was proposed."
          run={order('approve')}
          done={done}
        />
      ) : null}
      {isHeld(quarantine) || quarantine.status === 'proposed' ? (
        <Act
          label={quarantine.status === 'proposed' ? 'Refuse' : 'Release'}
          explain={quarantine.status === 'proposed' ? 'Nothing is stopped.' : 'The agent may act again.'}
          run={order('release')}
          done={done}
        />
      ) : null}
    </div>
  )
}

/** Whether the agent is held back, as the answer to that question. The list is newest first. */
export function Held({ quarantines }: { quarantines: readonly Quarantine[] }) {
  const newest = quarantines.find(isHeld) ?? quarantines[0]
  if (newest === undefined) return <p class="lead">No: nobody has ordered it, and no policy did.</p>
  const until = <Time at={newest.expires_at} brief />
  switch (newest.status) {
    case 'acknowledged':
      return <p class="lead">Yes, until {until}.</p>
    case 'requested':
    case 'sent':
      return <p class="lead">Ordered, but not confirmed: nobody knows yet whether it stopped.</p>
    case 'proposed':
      return <p class="lead">No: it waits for somebody to approve it.</p>
    case 'shadow':
      return <p class="lead">No: the policy is in shadow mode, and only says what it would have done.</p>
    case 'refused':
      return <p class="lead">No: it was refused.</p>
    case 'released':
      return <p class="lead">No more: it was released.</p>
    case 'expired':
      return <p class="lead">No more: its time ran out.</p>
  }
}

/** The state of a quarantine, as facts. */
export const QuarantineFacts = ({ quarantine }: { quarantine: Quarantine }) => (
  <dl class="facts">
    <dt>Status</dt>
    <dd>
      <QuarantineTag quarantine={quarantine} /> {quarantine.status_reason}
    </dd>
    <dt>Asked for</dt>
    <dd>
      by {quarantine.requested_by}, <Time at={quarantine.requested_at} brief />: <Sentence text={quarantine.reason} />
    </dd>
    <dt>Confirmed by</dt>
    <dd>{quarantine.acknowledged_by.length === 0 ? 'nobody yet' : quarantine.acknowledged_by.join(', ')}</dd>
    <dt>Ends</dt>
    <dd>
      <Time at={quarantine.ended_at ?? quarantine.expires_at} brief />
      {quarantine.release_reason === null ? null : (
        <>
          {' '}
          by {quarantine.released_by}: <Foreign text={quarantine.release_reason} />
        </>
      )}
    </dd>
  </dl>
)
