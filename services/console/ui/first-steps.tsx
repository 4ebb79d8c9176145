/**
 * What to do first, in order: what is open in this incident now, then what the kind of finding requires. It triggers
 * nothing; it says what a colleague with more experience would ask.
 */
import type { EventRecord, IncidentInFull } from '../answers.ts'
import { counted } from '../format.ts'
import { Card, Foreign, searchPath, term } from './basics.tsx'

/** By the family of a detector, the part of its id before the slash. */
const BY_FAMILY: ReadonlyMap<string, readonly string[]> = new Map([
  [
    'credential',
    [
      'Ask the owner whether they know the source. If not: revoke the credential where it was issued, then issue a new one.',
      'Look for other agents that used the same credential or source.',
    ],
  ],
  [
    'peer',
    [
      'Block the peer where traffic leaves, and look what was sent to it.',
      'See who else has touched this peer: its page lists them.',
    ],
  ],
  [
    'intent',
    [
      'Read what the agent read before it acted: the order usually stands in a page, a mail or an answer of a tool.',
      'Undo what it changed: rights, settings of logging, what it deleted or paid.',
    ],
  ],
  [
    'lateral',
    [
      'Check the targets that it reached for new keys, accounts and jobs.',
      'Follow the chain: on whose behalf did it act, and who acted on its behalf?',
    ],
  ],
  [
    'identity',
    [
      'Disable the identities that nobody answers for, and ask who could create them.',
      'Check what a sender claims against the log of the provider: who acted is a claim until then.',
    ],
  ],
])

const GENERAL: readonly string[] = ['Ask the owner what the agent was meant to do.']

function familiesOf({ detectors }: IncidentInFull): string[] {
  return [...new Set(detectors.map((id) => id.split('/')[0] ?? ''))]
}

const DONE_MS = 10 * 60_000

const STOPPED: ReadonlySet<string> = new Set(['acknowledged'])
const ORDERED: ReadonlySet<string> = new Set(['requested', 'sent'])

/** Whether anything holds it back, and whether that is known to work. */
function containment({ quarantines }: IncidentInFull): string {
  if (quarantines.some(({ status }) => STOPPED.has(status))) return 'It is held back, and a sink has confirmed it.'
  const ordered = quarantines.find(({ status }) => ORDERED.has(status))
  if (ordered !== undefined && ordered.acknowledged_by.length > 0)
    return `Its quarantine is ordered. Confirmed by ${ordered.acknowledged_by.join(', ')}, but not by all who must: stop it by hand where they do not.`
  if (ordered !== undefined)
    return 'Its quarantine is ordered, and nobody has confirmed it yet: stop it by hand if it is urgent.'
  if (quarantines.some(({ status }) => status === 'proposed'))
    return 'Its quarantine waits for you: approve or refuse it.'
  return 'Nobody holds it back: Quarantine stops it (key q).'
}

/** Whether it went on after the last finding, and how lately. */
function Going({ incident, events }: { incident: IncidentInFull; events: readonly EventRecord[] }) {
  const after = events.filter(({ time }) => time > incident.last_time)
  const newest = after[0]
  if (newest === undefined) return <>It has done nothing since the last finding.</>
  const isNow = Date.now() - Date.parse(newest.time) < DONE_MS
  return (
    <>
      <a href={searchPath(`${term('identity', incident.agent)} time:>${incident.last_time}`)}>
        {counted(after.length, 'event')}
      </a>{' '}
      since the last finding
      {isNow ? ', the newest within ten minutes: it is still acting.' : '.'}
    </>
  )
}

export function FirstSteps({ incident, events }: { incident: IncidentInFull; events: readonly EventRecord[] }) {
  const asked = familiesOf(incident).flatMap((family) => BY_FAMILY.get(family) ?? [])
  const steps = [...new Set([...asked, ...GENERAL])]
  return (
    <Card title="What to do first">
      <ol class="steps">
        <li>
          {containment(incident)} <Going incident={incident} events={events} />
        </li>
        {steps.map((step) => (
          <li key={step}>{step}</li>
        ))}
        {incident.owner === '' ? null : (
          <li>
            The owner is <Foreign text={incident.owner} />.
          </li>
        )}
      </ol>
    </Card>
  )
}
