/**
 * Settings: what is done automatically; who is notified, and whether that works; who may query and send; what is
 * suppressed, by whom and until when; who did what; how to connect an agent.
 */
import type { Suppression } from '../answers.ts'
import { change } from '../client.ts'
import { useQuestion } from '../question.ts'
import { Answered, Card, Empty, Foreign, Sentence, Tag, Time } from '../ui/basics.tsx'
import { Audit } from '../ui/audit.tsx'
import { Connect } from '../ui/connect.tsx'
import { Act } from '../ui/dialog.tsx'
import { Heading } from '../ui/heading.tsx'
import { PolicyCard } from '../ui/policy.tsx'
import { Rows } from '../ui/rows.tsx'
import { Senders } from '../ui/senders.tsx'
import { Sinks } from '../ui/sinks.tsx'
import { NewSuppressionAct } from '../ui/suppress.tsx'
import { Tokens } from '../ui/tokens.tsx'

/** Everything of a scope but the detector, in words. */
const scopeText = ({ scope }: Suppression): string =>
  Object.entries(scope)
    .filter(([name]) => name !== 'detector')
    .map(([name, value]) => `${name} ${value}`)
    .join(', ')

function Suppressions() {
  const question = useQuestion('/v1/suppressions', {}, 10_000)
  const { answer } = useQuestion('/v1/detectors', {})
  const detectors = answer?.items.map(({ id }) => id) ?? []
  return (
    <Card title="Suppressed" aside={<NewSuppressionAct detectors={detectors} done={question.ask} />}>
      <Answered question={question}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty>Nothing is suppressed.</Empty>
          ) : (
            <Rows
              label="Suppressions"
              rows={items}
              keyOf={({ id }) => id}
              columns={[
                { title: 'Detector', cell: ({ scope }) => <code>{scope.detector}</code> },
                { title: 'Where', cell: (one) => <Foreign text={scopeText(one)} /> },
                { title: 'Until', cell: ({ until }) => <Time at={until} brief /> },
                { title: 'By', cell: ({ by, reason }) => <Sentence text={`${by}: ${reason}`} /> },
                {
                  title: 'Acts',
                  cell: ({ id }) => (
                    <Act
                      label="End"
                      explain="Findings are told again from here on."
                      run={(reason) => change('DELETE', '/v1/suppressions/{id}', { path: { id }, query: { reason } })}
                      done={question.ask}
                    />
                  ),
                },
              ]}
            />
          )
        }
      </Answered>
    </Card>
  )
}

const TONES = { applied: 'good', nothing: 'warn', refused: 'bad', failed: 'bad' } as const

function Commands() {
  const question = useQuestion('/v1/commands', { query: { limit: 30 } }, 5_000)
  return (
    <Card title="What came of the last commands">
      <Answered question={question}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty>Nobody has asked for anything in the last days.</Empty>
          ) : (
            <Rows
              label="Commands"
              rows={items}
              keyOf={({ id }) => id}
              columns={[
                { title: 'When', cell: ({ time }) => <Time at={time} brief /> },
                { title: 'Command', cell: ({ type }) => type },
                { title: 'Outcome', cell: ({ status }) => <Tag text={status} tone={TONES[status]} /> },
                { title: 'What came of it', cell: ({ detail }) => <Sentence text={detail} /> },
                { title: 'By', cell: ({ by, reason }) => <Sentence text={reason === '' ? by : `${by}: ${reason}`} /> },
              ]}
            />
          )
        }
      </Answered>
    </Card>
  )
}

export const SettingsPage = () => (
  <>
    <Heading title="Settings" />
    <PolicyCard />
    <Sinks />
    <Senders />
    <Tokens />
    <Suppressions />
    <Audit />
    <Commands />
    <Connect />
  </>
)
