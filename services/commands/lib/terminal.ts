/**
 * What a command writes to: standard output for the result and nothing else, standard error for everything said on the
 * way. Handed in, so that tests read what a person would.
 */
import { once } from 'node:events'
import type { Writable } from 'node:stream'

export interface Terminal {
  readonly out: Writable
  readonly err: Writable
  /** Whether a person watches standard error: progress rewrites its line there, and is a line a minute elsewhere. */
  readonly watched: boolean
  /** Milliseconds on a clock that only goes forward; for progress and durations, never for results. */
  elapsed(): number
}

/** Writes a line of the result and waits while the reader is slower than we are. */
export async function print(terminal: Terminal, line: string): Promise<void> {
  if (!terminal.out.write(`${line}\n`)) await once(terminal.out, 'drain')
}

export const say = (terminal: Terminal, line: string): void => {
  terminal.err.write(`${line}\n`)
}

export interface Progress {
  /** Shows the text at most a few times a second. */
  show(text: () => string): void
  /** Clears the line. */
  end(): void
}

const SHOW_EVERY_MS = 200
/** Where nobody watches, only long work says how far it is. */
const SAY_EVERY_MS = 60_000

/** A line on standard error that rewrites itself; a line a minute where nobody watches. */
export function createProgress(terminal: Terminal): Progress {
  let last = terminal.watched ? Number.NEGATIVE_INFINITY : terminal.elapsed()
  let shown = false
  return {
    show(text) {
      if (terminal.elapsed() - last < (terminal.watched ? SHOW_EVERY_MS : SAY_EVERY_MS)) return
      last = terminal.elapsed()
      if (!terminal.watched) return say(terminal, text())
      shown = true
      terminal.err.write(`\r\u001B[K${text()}`)
    },
    end() {
      if (shown) terminal.err.write('\r\u001B[K')
      shown = false
    },
  }
}
