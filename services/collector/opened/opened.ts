/**
 * An input that the collector opens itself: a port that does not speak HTTP, or files that it follows. Nobody reads an
 * answer, so nothing is refused: what is not a record becomes a dead letter, and what is dropped at a limit is counted.
 */
import type { Binding } from '../binding.ts'
import type { TObject } from 'typebox'
import type { InputTypeEntry } from '../../lib/config/inputs.ts'
import type { Logger } from '../../lib/logger.ts'
import type { Metrics } from '../../lib/metrics.ts'
import type { Formats } from '../formats/formats.ts'
import type { Unpacked } from '../unpack.ts'

/** In whose name something comes in. */
export interface OpenSender {
  readonly tenant: string
  /** Name of the token. */
  readonly sender: string
  readonly binding: Binding
  readonly history: boolean
}

/** What goes with a body to the thread that unpacks it. Plain data. */
export type OpenParams = Readonly<Record<string, string>>

/** Why a line is not taken, for the counter. */
export type Dropped = 'plain' | 'too_long' | 'rate' | 'queue' | 'connections' | 'unauthorised' | 'stopped' | 'lost'

export interface OpenTools {
  /** Of the configured input. */
  readonly name: string
  readonly logger: Logger
  readonly metrics: Pick<Metrics, 'inputLines' | 'inputConnections'>
  readonly sender: OpenSender
  /** The sender of another token. */
  senderOf(token: string): OpenSender
  /** Where an input may keep what it must know after a restart; undefined where the process has no such place. */
  readonly directory: string | undefined
  /** Resolves when the log holds what the body holds; holds on for as long as that takes. Rejects when the service stops. */
  take(body: Buffer, params: OpenParams, sender: OpenSender): Promise<void>
  drop(reason: Dropped, lines?: number): void
}

export interface Opened {
  /** Takes nothing more; resolves when what can be saved is. */
  stop(): Promise<void>
}

export interface OpenedInput<S = never> extends InputTypeEntry {
  readonly settings: TObject
  /** The values of a body. Runs in a thread: it needs nothing but its arguments. */
  unpack(body: Buffer, params: OpenParams, formats: Formats): Unpacked
  /** Throws OpenError if it cannot be opened. */
  open(settings: S, tools: OpenTools): Promise<Opened>
}

/** Why an input cannot be opened, for the person who configured it. */
export class OpenError extends Error {
  override readonly name = 'OpenError'
}
