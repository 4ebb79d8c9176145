/**
 * The contract of a type of sink: how a notice reads in its form, and how that gets there. A type is a folder with this
 * value and one line in registry.ts; nothing else names it. docs/add-a-sink.md adds one.
 */
import type { Static, TObject } from 'typebox'
import type { Notice, NoticeType, Receives } from '../../../schemas/notice.ts'
import type { Resolve } from './lib/connector.ts'

/** What is wrong with a setting; `key` is its name. */
export interface SettingProblem {
  readonly key: string
  readonly message: string
}

export type SendOutcome =
  | { readonly kind: 'delivered'; readonly detail: string }
  /** The receiver wants nothing more: the sink is disabled. */
  | { readonly kind: 'gone'; readonly detail: string }
  /** This message will never be taken, however often it is tried: it is given up at once. */
  | { readonly kind: 'refused'; readonly detail: string }
  | {
      readonly kind: 'failed'
      readonly detail: string
      /** What the receiver asked for, in ms from now. */
      readonly retryAfterMs?: number
    }

/** Which attempt this is. */
export interface Sending {
  /** The delivery's id, the same on every attempt. */
  readonly id: string
  readonly nowMs: number
}

/** An open way to one receiver. */
export interface Channel<Rendered> {
  /** Tries once. Failures are outcomes, never thrown. */
  send(rendered: Rendered, sending: Sending): Promise<SendOutcome>
  /** Lets what is in progress finish. */
  close(): Promise<void>
  /** Aborts what is in progress. */
  destroy(): Promise<void>
}

/** What a channel may use. */
export interface SinkTools {
  readonly resolve: Resolve
  readonly timeoutMs: number
}

export interface SinkType<S extends TObject = TObject, Rendered = unknown> {
  /** Its word in the configuration. */
  readonly type: string
  /** What a page of this type says, in one sentence. */
  readonly about: string
  /** Its own settings, without those that all sinks share. `secret: true` marks what is never shown. */
  readonly settings: S
  /** What it hears where the configuration says nothing. */
  readonly receives: readonly Receives[]
  /** What it can report; absent: every notice. */
  readonly tells?: readonly NoticeType[]
  /** Whether a delivered order counts as acknowledged: a posted message is no contained agent. */
  readonly confirmsOrders: boolean
  /** Settings that work, for the documents and the conformance suite. */
  readonly example: Static<S>
  /** Whether the words behind a finding are sent; absent: never. The settings must ask for them. */
  tellsWords?(settings: Static<S>): boolean
  /** What the shape of the settings cannot say. */
  problems(settings: Static<S>): SettingProblem[]
  /** Names the receiver: what another one answered says nothing about it. No secret. */
  destination(settings: Static<S>): string
  /** The notice in this type's form: a pure function. */
  render(notice: Notice, settings: Static<S>): Rendered
  open(settings: Static<S>, tools: SinkTools): Channel<Rendered>
}

/** A type as the registry holds it: its settings and its form are its own business. */
export type AnySinkType = SinkType

/** Declares a type: the types of its settings come from their schema. */
export const defineSinkType = <S extends TObject, Rendered>(type: SinkType<S, Rendered>): AnySinkType => type
