/** What a client and a receiver of the wiring are, and what came of one. */
import type { LogRecord } from './records.ts'

/** Where a client delivers. */
export interface Door {
  readonly url: string
  readonly otlpUrl: string
  readonly token: string
}

/** Whether the program is there: its version, or why it is left out. */
export type Presence = { readonly ok: true; readonly version: string } | { readonly ok: false; readonly reason: string }

/** What the client says of itself afterwards. */
export interface Given {
  /** Records that it says it could not deliver. */
  readonly dropped: number
}

export interface Client {
  readonly name: string
  /** What it speaks. */
  readonly input: string
  presence(): Promise<Presence>
  /**
   * Delivers the records and resolves when nothing is under way any more. `handed` is told how many have been handed to
   * the client so far; it resolves when the next may follow.
   */
  deliver(door: Door, records: readonly LogRecord[], handed: (count: number) => Promise<void>): Promise<Given>
}

export interface Row {
  readonly what: string
  readonly client: string
  readonly version: string
  readonly records: number
  readonly stored: number
  /** Neither stored nor known to the client as dropped. */
  readonly lost: number
  readonly dropped: number
  /** Records that have one id together. */
  readonly merged: number
  /** Whether what is lost was acknowledged: it must not be, then. */
  readonly acknowledged: boolean
  readonly note: string
}
