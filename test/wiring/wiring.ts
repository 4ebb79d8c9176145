/** What a client and a receiver of the wiring are, and what came of one. */
import type { LogRecord } from './records.ts'

/** Where a client delivers. */
export interface Door {
  readonly url: string
  readonly otlpUrl: string
  readonly token: string
  /** Ports of syslog inputs, and the file of the certificate of the one with TLS. */
  readonly syslog: { readonly tcp: number; readonly tls: number; readonly authority: string }
  /** A file that is followed. */
  readonly file: string
}

/** What of the records a client hands over: log records, spans, or lines of JSON. */
export type Sends = 'logs' | 'spans' | 'lines'

/** Whether the program is there: its version, or why it is left out. */
export type Presence = { readonly ok: true; readonly version: string } | { readonly ok: false; readonly reason: string }

/** What the client says of itself afterwards. */
export interface Given {
  /** Records that it says it could not deliver. */
  readonly dropped: number
  /** What else it counts, as a phrase. */
  readonly says?: string
  /** Sends a line behind all records, where it has to take their way to be behind them. */
  mark?(line: string): Promise<void>
  /** Ends what still delivers, once nothing more comes. */
  stop?(): Promise<void>
}

export interface Client {
  readonly name: string
  /** What it speaks. */
  readonly input: string
  /** Log records where it does not say. */
  readonly sends?: Sends
  /** False: it hears of no acknowledgement, and what it loses nobody hears of. */
  readonly acknowledges?: boolean
  /** False: it asks nothing of the service, so it hears of no refusal; yet nothing may be lost. */
  readonly hears?: boolean
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
