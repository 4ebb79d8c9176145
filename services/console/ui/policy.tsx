/** What is done about findings automatically at the moment, and whether somebody has stopped that. */
import type { PolicyInForce } from '../answers.ts'
import { change } from '../client.ts'
import { useQuestion } from '../question.ts'
import { Answered, Card, Empty, Foreign, Sentence, Tag, Time } from './basics.tsx'
import { Act } from './dialog.tsx'
import { Rows } from './rows.tsx'

const MODES: Readonly<Record<PolicyInForce['mode'], string>> = {
  shadow: 'Nothing is contained by itself: what would be is written down.',
  propose: 'A person is asked before anything is contained.',
  enforce: 'What the rules ask for is ordered at once, within the caps.',
}

function Stop({ policy, done }: { policy: PolicyInForce; done(): void }) {
  const { stopped_by: by, stop } = policy
  const ofPerson = by.includes('person')
  return (
    <>
      {by.includes('configuration') ? (
        <p>
          <Tag text="stopped" tone="bad" /> by <code>policy.stop</code> in the configuration file.
        </p>
      ) : null}
      {stop === null ? null : (
        <p>
          <Tag text={ofPerson ? 'stopped' : 'resumed'} {...(ofPerson ? { tone: 'bad' as const } : {})} />{' '}
          <Time at={stop.time} brief /> by <Foreign text={stop.by} short />: <Sentence text={stop.reason} />
        </p>
      )}
      {by.length === 0 && stop === null ? <p>No stop is set.</p> : null}
      <Act
        label={ofPerson ? 'Resume automatic containment' : 'Stop automatic containment'}
        explain={
          ofPerson
            ? 'The policy contains agents by itself again.'
            : 'Nothing is contained by itself until somebody resumes; what would be waits for a person.'
        }
        run={(reason) => change('POST', '/v1/commands', { body: { type: ofPerson ? 'resume' : 'stop', reason } })}
        done={done}
      />
    </>
  )
}

export function PolicyCard() {
  const question = useQuestion('/v1/policy', {}, 5_000)
  return (
    <Card title="Policy in force">
      <Answered question={question}>
        {(policy) => (
          <>
            <p>
              <Tag text={policy.mode} /> {MODES[policy.mode]}
            </p>
            <Stop policy={policy} done={question.ask} />
            <p class="faint">
              At most {policy.caps.per_hour} automatic quarantines an hour and{' '}
              {Math.round(policy.caps.share_of_identities * 100)} % of the identities at once; each ends after{' '}
              {policy.expires_hours} hours.
            </p>
            {policy.protected.length === 0 ? null : (
              <p>
                Protected: <Foreign text={policy.protected.join(', ')} />
              </p>
            )}
            {policy.rules.length === 0 ? (
              <Empty>No rule pages or contains anybody: sinks hear findings by their severity.</Empty>
            ) : (
              <Rows
                label="Rules"
                rows={policy.rules}
                keyOf={(rule) => JSON.stringify(rule)}
                columns={[
                  { title: 'Detector', cell: ({ detector }) => <code>{detector}</code> },
                  { title: 'From severity', cell: ({ min_severity }) => min_severity },
                  { title: 'Detectors in the incident', number: true, cell: ({ min_detectors }) => min_detectors },
                  { title: 'Techniques', cell: ({ techniques }) => techniques.join(', ') || 'any' },
                  { title: 'Does', cell: ({ actions }) => actions.join(', ') },
                ]}
              />
            )}
          </>
        )}
      </Answered>
    </Card>
  )
}
