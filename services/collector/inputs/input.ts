/**
 * What an input is: a way by which logs come in. It knows addresses, who may send, how a body holds its values, and how its
 * clients want to be answered. What a record means is the format's affair, and no event id depends on the input.
 */
import type { IncomingHttpHeaders } from 'node:http'
import type { Authenticate, AuthOutcome, Grant } from '../../lib/auth.ts'
import type { Answer, Refusal } from '../answers.ts'
import type { Formats } from '../formats/formats.ts'
import type { Account } from '../formats/read-envelopes.ts'
import type { Form, Unpacked } from '../unpack.ts'

/** What is known of a request before its body is read. Plain data: it goes to the thread that unpacks the body. */
export interface Head {
  readonly method: string
  /** As the input declares it: `/v1/logs`, `/elastic/:index/_bulk`. */
  readonly path: string
  /** The parts of the address that match `:name`. */
  readonly params: Readonly<Record<string, string>>
  readonly query: Readonly<Record<string, unknown>>
  readonly headers: IncomingHttpHeaders
}

/** An address at which bodies are posted. */
export interface Endpoint {
  readonly path: string
  /** Media types taken and how their bodies are written; undefined: the input does not ask. */
  readonly types?: Readonly<Record<string, Form>>
  /** Taken for a request without a content type. */
  readonly untyped?: string
}

/** What a client asks before it sends, or in between. */
export interface Question {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT'
  readonly path: string
  /** `given`: how many requests have been numbered so far. `body` is read if one was sent, and is small. */
  answer(head: Head, tools: { authenticate: Authenticate; ready: boolean; given: number; body: string }): Answer
}

/** What of a request is in the log. */
export interface Taken extends Account {
  readonly events: number
  /** Events whose time was replaced by the receipt time, by what was wrong with it. */
  readonly untimed: ReadonlyMap<string, number>
}

/** What became of a request: durable in the log, or not taken. `number` counts the requests of this collector. */
export type Outcome = { readonly ok: true; readonly account: Taken; readonly number: number } | Refusal

/** Who sends. `signed`: what the body must show before it is believed. */
export type Identified =
  | { readonly ok: true; readonly grant: Grant; readonly signed?: (body: Buffer) => Refusal | undefined }
  | Exclude<AuthOutcome, { ok: true }>
  | Refusal

export interface Input {
  readonly id: string
  readonly takes: readonly Endpoint[]
  readonly questions?: readonly Question[]
  /** Who sends, from headers alone. */
  identify(head: Head, authenticate: Authenticate): Identified
  /** The values of a body. Runs in a thread: it needs nothing but its arguments. */
  unpack(body: Buffer, head: Head, formats: Formats): Unpacked
  /** In the words that the clients of this input understand; only 2xx means that nothing is lost. `now`: ms since 1970. */
  answer(outcome: Outcome, head: Head, now: number): Answer
}
