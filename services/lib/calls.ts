/**
 * Calls between two threads over a port, in both directions: each side has procedures that the other one may ask for. What
 * one turn of the event loop asks and answers leaves as one message, because each message wakes the other thread.
 */
import type { MessagePort } from 'node:worker_threads'
import { LogError, type LogErrorCode } from './log/port.ts'

/** What a side answers, by name. A procedure takes one value that can be cloned, and answers one, or a promise of it. */
export interface Procedures {
  readonly [name: string]: (given: never) => unknown
}

type Given<P extends Procedures, K extends keyof P> = Parameters<P[K]>[0]
type Result<P extends Procedures, K extends keyof P> = Awaited<ReturnType<P[K]>>

/** The other side. */
export interface Calls<Theirs extends Procedures> {
  /**
   * Rejects with what the procedure threw, or with `log_unavailable` once the port is closed. `transfer` names memory that is
   * handed over and no longer ours.
   */
  ask<K extends keyof Theirs & string>(
    name: K,
    given: Given<Theirs, K>,
    transfer?: readonly ArrayBuffer[],
  ): Promise<Result<Theirs, K>>
  /** Asks, and waits for nothing. What the procedure throws is lost. */
  tell<K extends keyof Theirs & string>(name: K, given: Given<Theirs, K>): void
  /** Resolves when everything that was asked has been answered. */
  answered(): Promise<void>
  /** Closes the port once what was said before has left. What waits for an answer fails. */
  close(): void
}

export interface ThrownError {
  readonly name: string
  readonly message: string
  readonly stack: string | undefined
  readonly code: LogErrorCode | undefined
  readonly place: LogError['place']
}

/** `id`: 0 where nobody waits for an answer. */
type Message =
  | { readonly kind: 'ask'; readonly id: number; readonly name: string; readonly given: unknown }
  | { readonly kind: 'result'; readonly id: number; readonly result: unknown }
  | { readonly kind: 'error'; readonly id: number; readonly error: ThrownError }

export function packError(thrown: unknown): ThrownError {
  const { name, message, stack } = thrown instanceof Error ? thrown : new Error(String(thrown))
  const { code, place } = thrown instanceof LogError ? thrown : { code: undefined, place: undefined }
  return { name, message, stack, code, place }
}

/** The error as it was thrown: a LogError of the same code and place, or an Error of the same name. */
export function unpackError({ name, message, stack, code, place }: ThrownError): Error {
  const error = code === undefined ? new Error(message) : new LogError(code, message)
  if (error instanceof LogError) error.place = place
  else if (name !== error.name) error.name = name
  if (stack !== undefined) error.stack = stack
  return error
}

interface Waiting {
  readonly resolve: (result: never) => void
  readonly reject: (error: Error) => void
}

interface Line {
  readonly port: MessagePort
  readonly mine: ReadonlyMap<string, (given: never) => unknown>
  readonly waiting: Map<number, Waiting>
  lastId: number
  /** To leave at the end of this turn. */
  messages: Message[]
  transfer: ArrayBuffer[]
  closed: boolean
  /** Called when nothing waits for an answer any more. */
  onAnswered: () => void
}

const gone = (): LogError => new LogError('log_unavailable', 'the other thread has ended')

function flush(line: Line): void {
  const { messages, transfer } = line
  line.messages = []
  line.transfer = []
  if (messages.length > 0 && !line.closed) line.port.postMessage(messages, transfer)
}

function say(line: Line, message: Message, transfer: readonly ArrayBuffer[] = []): void {
  if (line.messages.length === 0) setImmediate(flush, line)
  line.messages.push(message)
  line.transfer.push(...transfer)
}

async function answer(line: Line, { id, name, given }: Extract<Message, { kind: 'ask' }>): Promise<void> {
  try {
    const procedure = line.mine.get(name)
    if (procedure === undefined) throw new Error(`there is no procedure ${name}`)
    const result = await procedure(given as never)
    if (id !== 0) say(line, { kind: 'result', id, result })
  } catch (error) {
    if (id !== 0) say(line, { kind: 'error', id, error: packError(error) })
  }
}

function hear(line: Line, message: Message): void {
  if (message.kind === 'ask') {
    void answer(line, message)
    return
  }
  const asked = line.waiting.get(message.id)
  line.waiting.delete(message.id)
  if (message.kind === 'result') asked?.resolve(message.result as never)
  else asked?.reject(unpackError(message.error))
  if (line.waiting.size === 0) line.onAnswered()
}

function end(line: Line): void {
  line.closed = true
  for (const { reject } of line.waiting.values()) reject(gone())
  line.waiting.clear()
  line.onAnswered()
}

/** `mine`: what the other side may ask for. `onEnd`: the port is closed, by whichever side, or its thread has ended. */
export function createCalls<Theirs extends Procedures>(
  port: MessagePort,
  mine: Procedures,
  onEnd: () => void = () => {},
): Calls<Theirs> {
  const procedures = new Map(Object.entries(mine))
  const line: Line = {
    port,
    mine: procedures,
    waiting: new Map(),
    lastId: 0,
    messages: [],
    transfer: [],
    closed: false,
    onAnswered: () => {},
  }
  port.on('message', (messages: readonly Message[]) => {
    for (const message of messages) hear(line, message)
  })
  port.on('close', () => {
    end(line)
    onEnd()
  })
  return {
    ask: (name, given, transfer) =>
      new Promise((resolve, reject) => {
        if (line.closed) {
          reject(gone())
          return
        }
        const id = ++line.lastId
        line.waiting.set(id, { resolve, reject })
        say(line, { kind: 'ask', id, name, given }, transfer)
      }),
    tell: (name, given) => say(line, { kind: 'ask', id: 0, name, given }),
    answered: () =>
      new Promise((resolve) => {
        if (line.waiting.size === 0) resolve()
        else line.onAnswered = resolve
      }),
    close() {
      flush(line)
      end(line)
      port.close()
    },
  }
}
