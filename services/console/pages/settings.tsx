/** Settings: tokens, sinks with a test, and what is suppressed, by whom and until when. */
import { useState } from 'preact/hooks'
import type { List, Sink, Suppression, Token } from '../answers.ts'
import { change } from '../client.ts'
import { useQuestion } from '../question.ts'
import { Answered, Card, Empty, Foreign, Tag, Time, Trouble } from '../ui/basics.tsx'
import { Connect } from '../ui/connect.tsx'
import { Act } from '../ui/dialog.tsx'
import { Heading } from '../ui/heading.tsx'
import { Rows } from '../ui/rows.tsx'

const ROLES = ['sender', 'analyst', 'responder', 'admin'] as const

function Suppressions() {
  const question = useQuestion<List<Suppression>>('/v1/suppressions', {}, 10_000)
  return (
    <Card title="Suppressed">
      <Answered question={question}>
        {({ items }) => (
          <>
            {items.length === 0 ? <Empty>Nothing is suppressed.</Empty> : null}
            {items.length === 0 ? null : (
              <Rows
                label="Suppressions"
                rows={items}
                keyOf={({ id }) => id}
                columns={[
                  { title: 'Detector', cell: ({ detector }) => <code>{detector}</code> },
                  { title: 'Agent', cell: ({ agent }) => (agent === null ? 'all' : <Foreign text={agent} short />) },
                  { title: 'Until', cell: ({ until }) => <Time at={until} brief /> },
                  {
                    title: 'By',
                    cell: ({ by, reason }) => (
                      <>
                        <Foreign text={by} />: <Foreign text={reason} />
                      </>
                    ),
                  },
                  {
                    title: 'Acts',
                    cell: ({ id }) => (
                      <Act
                        label="End"
                        explain="Findings are told again from here on."
                        run={(reason) => change('DELETE', `/v1/suppressions/${id}`, { reason })}
                        done={question.ask}
                      />
                    ),
                  },
                ]}
              />
            )}
          </>
        )}
      </Answered>
    </Card>
  )
}

function TestSink({ name }: { name: string }) {
  const [outcome, setOutcome] = useState<string | Error>()
  const test = (): void => {
    setOutcome('Sending…')
    change<{ detail: string }>('POST', `/v1/sinks/${encodeURIComponent(name)}/test`)
      .then(({ detail }) => setOutcome(detail))
      .catch((error: unknown) => setOutcome(error as Error))
  }
  return (
    <>
      <button type="button" onClick={test}>
        Test
      </button>{' '}
      {outcome instanceof Error ? <Trouble error={outcome} /> : outcome}
    </>
  )
}

function Sinks() {
  const question = useQuestion<List<Sink>>('/v1/sinks', {}, 10_000)
  return (
    <Card title="Sinks">
      <Answered question={question}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty>Nobody is told of findings yet. Sinks stand in the configuration file, under sinks.</Empty>
          ) : (
            <Rows
              label="Sinks"
              rows={items}
              keyOf={({ name }) => name}
              columns={[
                { title: 'Name', cell: ({ name }) => <Foreign text={name} /> },
                { title: 'Type', cell: ({ type }) => type },
                {
                  title: 'Status',
                  cell: ({ status, detail }) => (
                    <Tag text={status} title={detail} tone={status === 'ok' ? 'good' : 'bad'} />
                  ),
                },
                { title: 'Test', cell: ({ name }) => <TestSink name={name} /> },
              ]}
            />
          )
        }
      </Answered>
    </Card>
  )
}

function NewToken({ made }: { made(token: string): void }) {
  return (
    <Act
      label="New token"
      explain="It is shown once. Give each sender and each person one of their own."
      fields={
        <>
          <label>
            Name
            <input name="name" required maxLength={64} pattern="[A-Za-z0-9][A-Za-z0-9._\-]*" />
          </label>
          <label>
            Role
            <select name="role">
              {ROLES.map((role) => (
                <option key={role} value={role}>
                  {role}
                </option>
              ))}
            </select>
          </label>
        </>
      }
      run={async (reason, form) => {
        const { token } = await change<{ token: string }>('POST', '/v1/tokens', {
          name: form.get('name'),
          role: form.get('role'),
          reason,
        })
        made(token)
      }}
      done={() => undefined}
    />
  )
}

function Tokens() {
  const question = useQuestion<List<Token>>('/v1/tokens', {}, 30_000)
  const [made, setMade] = useState<string>()
  return (
    <Card
      title="Tokens"
      aside={
        <NewToken
          made={(token) => {
            setMade(token)
            question.ask()
          }}
        />
      }
    >
      {made === undefined ? null : (
        <p>
          The new token, shown this once: <code>{made}</code>
        </p>
      )}
      <Answered question={question}>
        {({ items }) => (
          <Rows
            label="Tokens"
            rows={items}
            keyOf={({ id }) => id}
            columns={[
              { title: 'Name', cell: ({ name }) => <Foreign text={name} /> },
              { title: 'Role', cell: ({ role }) => role },
              { title: 'Made', cell: ({ created_at }) => <Time at={created_at} brief /> },
              { title: 'Ends', cell: ({ expires_at, revoked_at }) => <Time at={revoked_at ?? expires_at} brief /> },
              {
                title: 'Acts',
                cell: ({ id, revoked_at }) =>
                  revoked_at === null ? (
                    <Act
                      label="Revoke"
                      tone="danger"
                      explain="It is refused from here on."
                      run={(reason) => change('DELETE', `/v1/tokens/${encodeURIComponent(id)}`, { reason })}
                      done={question.ask}
                    />
                  ) : (
                    'revoked'
                  ),
              },
            ]}
          />
        )}
      </Answered>
    </Card>
  )
}

export const SettingsPage = () => (
  <>
    <Heading title="Settings" />
    <Tokens />
    <Sinks />
    <Suppressions />
    <Connect />
  </>
)
