/**
 * What the conformance suite asks of a receiver: it takes, refuses or stalls, keeps to the documented contract of its
 * product to the letter, and says of each message what it was about.
 */
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

export type Mood = 'take' | 'refuse' | 'stall'

/** One message that the receiver has taken. */
export interface Taken {
  /** All of its text, as it came. */
  readonly text: string
  /** What tells one matter from the next there: a key, an id; '' where the form has none. */
  readonly key: string
  /** What the form says is to be done: trigger, resolve; '' where it has none. */
  readonly act: string
}

export interface SinkReceiver {
  /** Settings of a sink that leads here. */
  readonly settings: Readonly<Record<string, unknown>>
  mood: Mood
  /** Where changing the mood takes time: in place of setting it. */
  setMood?(mood: Mood): Promise<void>
  readonly taken: readonly Taken[]
  /** Where a message broke the contract. */
  readonly problems: readonly string[]
  close(): Promise<void>
}

export type StartReceiver = () => Promise<SinkReceiver>

/** What a file of this folder holds. */
export interface ReceiverModule {
  readonly startReceiver: StartReceiver
  /** Why the real product cannot run here; absent, or undefined: it can. */
  whyAway?(): Promise<string | undefined>
}

export async function setMood(receiver: SinkReceiver, mood: Mood): Promise<void> {
  if (receiver.setMood === undefined) receiver.mood = mood
  else await receiver.setMood(mood)
}

export interface HttpMessage {
  readonly headers: IncomingHttpHeaders
  readonly method: string
  readonly path: string
  readonly body: string
}

/** A receiver over HTTP. `check` gives what the message says, or throws where it breaks the contract. */
export async function startHttpReceiver(
  path: string,
  settings: Readonly<Record<string, unknown>>,
  check: (message: HttpMessage) => Taken,
  good: { readonly status: number; readonly body: string },
): Promise<SinkReceiver> {
  const taken: Taken[] = []
  const problems: string[] = []
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const { headers, method = '', url = '' } = request
      if (receiver.mood === 'stall') return
      if (receiver.mood === 'refuse') {
        response.writeHead(500).end('not now')
        return
      }
      try {
        taken.push(check({ headers, method, path: url, body }))
        response.writeHead(good.status, { 'content-type': 'application/json' }).end(good.body)
      } catch (error) {
        problems.push((error as Error).message)
        response.writeHead(400).end()
      }
    })
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  const receiver: SinkReceiver = {
    settings: { ...settings, url: `http://127.0.0.1:${port}${path}`, allow_private: true },
    mood: 'take',
    taken,
    problems,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
  return receiver
}

/** Throws `problem` where something does not hold. */
export function demand(holds: boolean, problem: string): asserts holds {
  if (!holds) throw new Error(problem)
}

export const isText = (value: unknown, max: number): value is string =>
  typeof value === 'string' && value.length > 0 && value.length <= max

export function onlyKeys(value: object, known: readonly string[]): void {
  for (const key of Object.keys(value)) demand(known.includes(key), `an unknown key ${key}`)
}
