/** Sinks: where findings, orders and notices go, whether they are taken there, and a test that says what came of it. */
import type { Delivery, SinkView } from '../answers.ts'
import { change, get } from '../client.ts'
import { useEffect, useState } from 'preact/hooks'
import { useQuestion } from '../question.ts'
import { Answered, Card, Empty, Foreign, Sentence, Tag, Time, Trouble } from './basics.tsx'
import { Act } from './dialog.tsx'
import { Rows } from './rows.tsx'

const TONES = { ok: 'good', failing: 'bad', disabled: 'bad' } as const
const ASK_EVERY_MS = 500
/** A sink that takes nothing gives up after half a minute; a busy one may take its time before. */
const ASKS_MAX = 90

/** Sends a test and waits for what comes of it. Throws ApiError. */
async function sendTest(name: string): Promise<Delivery | undefined> {
  const { command_id: subject } = await change('POST', '/v1/sinks/{name}/test', { path: { name } })
  for (let asked = 0; asked < ASKS_MAX; asked++) {
    const { items } = await get('/v1/deliveries', { query: { subject } })
    if (items[0] !== undefined && items[0].status !== 'pending') return items[0]
    await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS))
  }
  return undefined
}

type Tested = { readonly tone: 'good' | 'bad' | 'warn'; readonly text: string } | 'under way'

/** The last test stays on the screen until the next one: people who repair a receiver press this repeatedly. */
function Test({ sink, done }: { sink: SinkView; done(): void }) {
  const [tested, setTested] = useState<Tested>()
  useEffect(() => setTested(undefined), [sink.name])
  const test = async (): Promise<void> => {
    setTested('under way')
    try {
      const delivery = await sendTest(sink.name)
      if (delivery === undefined) setTested({ tone: 'warn', text: 'no answer yet: see Response' })
      else if (delivery.status === 'delivered')
        setTested({ tone: 'good', text: `test taken: ${delivery.last_outcome}` })
      else setTested({ tone: 'bad', text: `test failed: ${delivery.last_outcome.replace(/^failed: /, '')}` })
    } catch (error) {
      setTested({ tone: 'bad', text: (error as Error).message })
    }
    done()
  }
  return (
    <>
      <button
        type="button"
        disabled={tested === 'under way' || sink.status === 'disabled'}
        title={sink.status === 'disabled' ? 'Enable it first' : `Send one test notice to ${sink.name}`}
        onClick={() => void test()}
      >
        {tested === 'under way' ? 'Testing…' : 'Test'}
      </button>
      <span role="status">
        {tested === undefined || tested === 'under way' ? null : (
          <span class={`outcome ${tested.tone}`}>
            <Sentence text={tested.text} />
          </span>
        )}
      </span>
    </>
  )
}

/** What waits and what was given up, in words; empty if everything is delivered. */
const backlogOf = ({ pending, held, dead }: SinkView): string =>
  [
    pending === 0 ? '' : `${pending} waiting`,
    held === 0 ? '' : `${held} for the next digest`,
    dead === 0 ? '' : `${dead} given up`,
  ]
    .filter((part) => part !== '')
    .join(', ')

const Enable = ({ sink, done }: { sink: SinkView; done(): void }) => (
  <Act
    label="Enable"
    explain="It is told again from here on, and what it missed is sent."
    run={(reason) => change('POST', '/v1/commands', { body: { type: 'enable-sink', sink: sink.name, reason } })}
    done={done}
  />
)

/** Needs no reason: each delivery was wanted when it was made. */
function SendAgain({ sink, done }: { sink: SinkView; done(): void }) {
  const [error, setError] = useState<Error>()
  const send = (): void => {
    setError(undefined)
    change('POST', '/v1/commands', { body: { type: 'replay', sink: sink.name } }).then(done, setError)
  }
  return (
    <>
      <button type="button" title="Send what was given up once more, and what waits at once" onClick={send}>
        Send again
      </button>
      {error === undefined ? null : <Trouble error={error} />}
    </>
  )
}

/** Ill ones first: that is what somebody comes here for. */
const byIllness = (sinks: readonly SinkView[]): readonly SinkView[] =>
  sinks.toSorted((a, b) => Number(a.status === 'ok') - Number(b.status === 'ok') || (a.name < b.name ? -1 : 1))

const Health = ({ sink }: { sink: SinkView }) => (
  <>
    <Tag text={sink.status} tone={TONES[sink.status]} />
    {sink.status === 'ok' ? null : (
      <>
        {' '}
        since <Time at={sink.since} brief />
        <br />
        <Foreign text={sink.detail} />
      </>
    )}
  </>
)

export function Sinks() {
  const question = useQuestion('/v1/sinks', {}, 5_000)
  return (
    <Card title="Sinks">
      <Answered question={question}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty>
              No sink is configured, so nobody is notified of findings. Add one under <code>sinks:</code> in the
              configuration file.
            </Empty>
          ) : (
            <Rows
              label="Sinks"
              rows={byIllness(items)}
              keyOf={({ name }) => name}
              columns={[
                { title: 'Name', cell: ({ name }) => <Foreign text={name} short /> },
                { title: 'Type', cell: ({ type }) => type },
                { title: 'Health', cell: (sink) => <Health sink={sink} /> },
                {
                  title: 'Receives',
                  cell: ({ receives, min_severity: floor }) => (
                    <>
                      {receives.join(', ')}
                      {receives.includes('findings') ? <div class="beneath">findings from {floor} up</div> : null}
                    </>
                  ),
                },
                { title: 'Backlog', cell: (sink) => backlogOf(sink) || <span class="faint">none</span> },
                { title: 'Last delivered', cell: ({ last_delivered: at }) => <Time at={at} brief /> },
                {
                  title: 'Acts',
                  cell: (sink) => (
                    <div class="acts">
                      {sink.status === 'disabled' && sink.tenant !== '*' ? (
                        <Enable sink={sink} done={question.ask} />
                      ) : null}
                      {sink.dead + sink.pending > 0 && sink.status !== 'disabled' ? (
                        <SendAgain sink={sink} done={question.ask} />
                      ) : null}
                      <Test sink={sink} done={question.ask} />
                    </div>
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
