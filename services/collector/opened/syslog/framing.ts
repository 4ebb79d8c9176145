/**
 * Cuts a stream into messages (RFC 6587): one that begins with a digit says its length in bytes, any other one ends with
 * its line. What is longer than a message may be is skipped without being kept.
 */
const NEWLINE = 0x0a
const BLANK = 0x20
const isDigit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39

export interface Framing {
  /** The messages that the chunk completes. */
  push(chunk: Buffer): Buffer[]
  /** The message that the end of the stream completes; undefined where there is none. */
  end(): Buffer | undefined
}

export interface FramingOptions {
  readonly bytesMax: number
  /** A message was skipped because it is too long. */
  onTooLong(): void
  /** A length that no sender means: nothing behind it can be told apart. */
  onBroken(): void
}

/** A length has at most so many digits. */
const LENGTH_DIGITS_MAX = 9

export function createFraming({ bytesMax, onTooLong, onBroken }: FramingOptions): Framing {
  let held: Buffer = Buffer.alloc(0)
  /** Bytes of a counted message that are still to be skipped. */
  let skipBytes = 0
  /** The current line is too long: it is skipped up to its end. */
  let skipLine = false
  let broken = false

  /** One message from `at` on: where the next one begins, with the message if there is one; undefined: more is needed. */
  function next(at: number): { readonly at: number; readonly message?: Buffer } | undefined {
    if (skipLine || !isDigit(held[at] as number)) return line(at)
    const blank = held.indexOf(BLANK, at)
    const digits = held.toString('latin1', at, blank === -1 ? at + LENGTH_DIGITS_MAX + 1 : blank)
    if (digits.length > LENGTH_DIGITS_MAX || !/^\d+$/.test(digits)) {
      if (blank === -1 && /^\d+$/.test(digits)) return undefined
      // A line may begin with a digit, where its sender counts nothing.
      return line(at)
    }
    if (blank === -1) return undefined
    const length = Number(digits)
    if (length === 0) {
      broken = true
      onBroken()
      return undefined
    }
    if (length > bytesMax) {
      onTooLong()
      skipBytes = length
      return { at: blank + 1 }
    }
    const end = blank + 1 + length
    return end > held.length ? undefined : { at: end, message: held.subarray(blank + 1, end) }
  }

  function line(at: number): { readonly at: number; readonly message?: Buffer } | undefined {
    const end = held.indexOf(NEWLINE, at)
    if (end === -1) {
      if (held.length - at <= bytesMax) return undefined
      if (!skipLine) onTooLong()
      skipLine = true
      return { at: held.length }
    }
    const isRest = skipLine
    skipLine = false
    if (isRest) return { at: end + 1 }
    if (end - at > bytesMax) {
      onTooLong()
      return { at: end + 1 }
    }
    return { at: end + 1, message: held.subarray(at, end) }
  }

  return {
    push(chunk) {
      const messages: Buffer[] = []
      if (broken) return messages
      held = held.length === 0 ? chunk : Buffer.concat([held, chunk])
      let at = 0
      while (at < held.length) {
        if (skipBytes > 0) {
          const skipped = Math.min(skipBytes, held.length - at)
          skipBytes -= skipped
          at += skipped
          continue
        }
        const found = next(at)
        if (found === undefined) break
        at = found.at
        if (found.message !== undefined && found.message.length > 0) messages.push(found.message)
      }
      // A copy, so that a few bytes do not hold a whole chunk.
      held = at >= held.length ? Buffer.alloc(0) : Buffer.from(held.subarray(at))
      return messages
    },
    end() {
      const rest = held
      held = Buffer.alloc(0)
      const isWhole = rest.length > 0 && !skipLine && skipBytes === 0 && !/^\d+ /.test(rest.toString('latin1', 0, 11))
      return isWhole && !broken ? rest : undefined
    },
  }
}
