/** Tokens: who may query and send. A new one is shown once; those of the configuration file are listed next to it. */
import { useState } from 'preact/hooks'
import { ROLES, type Role } from '../../../schemas/roles.ts'
import type { Token } from '../answers.ts'
import { type Answer, change } from '../client.ts'
import { useQuestion } from '../question.ts'
import { Answered, Card, Empty, Foreign, Sentence, Tag, Time } from './basics.tsx'
import { Act } from './dialog.tsx'
import { LengthSelect } from './length-select.tsx'
import { Rows } from './rows.tsx'

const TONES = { active: 'good', expired: 'warn', revoked: 'bad' } as const

const MAY: Readonly<Record<Role, string>> = {
  ingest: 'only sends events',
  analyst: 'reads and triages',
  responder: 'also holds agents back',
  admin: 'everything, tokens among it',
}

const LENGTHS = [
  ['', 'it has no end'],
  ['24', '1 day'],
  ['168', '1 week'],
  ['720', '30 days'],
  ['8760', '1 year'],
] as const

type Made = Answer<'POST', '/v1/tokens'>

/** Makes a token. Throws ApiError. */
export const makeToken = (name: string, role: Role, hours: number | undefined, reason: string): Promise<Made> =>
  change('POST', '/v1/tokens', {
    body: {
      name,
      role,
      reason,
      ...(hours === undefined ? {} : { expires_at: new Date(Date.now() + hours * 3_600_000).toISOString() }),
    },
  })

/** A text that is shown once, with a button that copies it. */
export function Once({ name, token, forget }: { name: string; token: string; forget(): void }) {
  const [copied, setCopied] = useState(false)
  return (
    <div class="once" role="status">
      <p>
        The token <Foreign text={name} />. Copy it now: nobody can read it again.
      </p>
      <pre>{token}</pre>
      <div class="acts">
        <button
          type="button"
          class="primary"
          onClick={() =>
            void navigator.clipboard.writeText(token).then(
              () => setCopied(true),
              () => setCopied(false),
            )
          }
        >
          {copied ? 'Copied' : 'Copy'}
        </button>
        <button type="button" onClick={forget}>
          I have it
        </button>
      </div>
    </div>
  )
}

const Fields = () => (
  <>
    <label>
      Name
      <input name="name" required maxLength={256} placeholder="laptop-of-ada" autofocus />
    </label>
    <label>
      Role
      <select name="role">
        {ROLES.toReversed().map((role) => (
          <option key={role} value={role}>
            {role}: {MAY[role]}
          </option>
        ))}
      </select>
    </label>
    <label>
      Expires after
      <LengthSelect lengths={LENGTHS} />
    </label>
  </>
)

const Made = ({ tokens, done }: { tokens: readonly Token[]; done(): void }) => (
  <Rows
    label="Tokens"
    rows={tokens}
    keyOf={({ id }) => id}
    columns={[
      { title: 'Name', cell: ({ name }) => <Foreign text={name} short /> },
      { title: 'Role', cell: ({ role }) => <span title={MAY[role]}>{role}</span> },
      { title: 'Status', cell: ({ status }) => <Tag text={status} tone={TONES[status]} /> },
      {
        title: 'Made',
        cell: ({ created_at, created_by }) => (
          <>
            <Time at={created_at} brief /> by <Foreign text={created_by} short />
          </>
        ),
      },
      { title: 'Expires', cell: ({ expires_at }) => <Time at={expires_at} brief /> },
      { title: 'Why', cell: ({ reason }) => <Sentence text={reason} /> },
      {
        title: 'Acts',
        cell: ({ id, status }) =>
          status === 'active' ? (
            <Act
              label="Revoke"
              tone="danger"
              explain="It is refused from now on, and its sessions end."
              run={(reason) => change('DELETE', '/v1/tokens/{id}', { path: { id }, query: { reason } })}
              done={done}
            />
          ) : null,
      },
    ]}
  />
)

export function Tokens() {
  const tokens = useQuestion('/v1/tokens', { query: { limit: 200 } }, 5_000)
  const configured = useQuestion('/v1/tokens/configured', {})
  const [once, setOnce] = useState<{ name: string; token: string }>()
  const run = async (reason: string, form: FormData): Promise<void> => {
    const name = String(form.get('name')).trim()
    const hours = String(form.get('hours'))
    const made = await makeToken(name, form.get('role') as Role, hours === '' ? undefined : Number(hours), reason)
    setOnce({ name, token: made.token })
  }
  return (
    <Card
      title="Tokens"
      aside={<Act label="New token" explain="It is told once, here." fields={<Fields />} run={run} done={tokens.ask} />}
    >
      {once === undefined ? null : <Once {...once} forget={() => setOnce(undefined)} />}
      <Answered question={tokens}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty>No token has been created here yet.</Empty>
          ) : (
            <Made tokens={items} done={tokens.ask} />
          )
        }
      </Answered>
      <Answered question={configured}>
        {({ items }) =>
          items.length === 0 ? null : (
            <p class="tags faint">
              From the configuration file:{' '}
              {items.map(({ name, role }) => (
                <Tag key={name} text={`${name}, ${role}`} />
              ))}
            </p>
          )
        }
      </Answered>
    </Card>
  )
}
