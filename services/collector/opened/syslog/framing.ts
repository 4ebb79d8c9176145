/**
 * Cuts a stream into messages (RFC 6587): one that starts with a digit gives its length in bytes, any other ends with its
 * line. A message over the limit is skipped without being buffered.
 */
const NEWLINE = 0x0a
const BLANK = 0x20
const isDigit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39

export interface Framing {
  /** The messages that the chunk completes. */
  push(chunk: Buffer): Buffer[]
  /** The message that the end of the stream completes; undefined if there is none. */
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

/** What is buffered of the stream until it is a whole message. */
interface Cut {
  readonly options: FramingOptions
  held: Buffer
  /** Bytes of a counted message that are still to be skipped. */
  skipBytes: number
  /** The current line is too long: it is skipped up to its end. */
  skipLine: boolean
  broken: boolean
}

/** One message from `at` on: where the next one begins, with the message if there is one; undefined: more is needed. */
function next(cut: Cut, at: number): { readonly at: number; readonly message?: Buffer } | undefined {
  const { onBroken, bytesMax, onTooLong } = cut.options
  if (cut.skipLine || !isDigit(cut.held[at] as number)) return line(cut, at)
  const blank = cut.held.indexOf(BLANK, at)
  const digits = cut.held.toString('latin1', at, blank === -1 ? at + LENGTH_DIGITS_MAX + 1 : blank)
  if (digits.length > LENGTH_DIGITS_MAX || !/^\d+$/.test(digits)) {
    if (blank === -1 && /^\d+$/.test(digits)) return undefined
    // A line may begin with a digit, where its sender counts nothing.
    return line(cut, at)
  }
  if (blank === -1) return undefined
  const length = Number(digits)
  if (length === 0) {
    cut.broken = true
    onBroken()
    return undefined
  }
  if (length > bytesMax) {
    onTooLong()
    cut.skipBytes = length
    return { at: blank + 1 }
  }
  const end = blank + 1 + length
  return end > cut.held.length ? undefined : { at: end, message: cut.held.subarray(blank + 1, end) }
}

function line(cut: Cut, at: number): { readonly at: number; readonly message?: Buffer } | undefined {
  const { bytesMax, onTooLong } = cut.options
  const end = cut.held.indexOf(NEWLINE, at)
  if (end === -1) {
    if (cut.held.length - at <= bytesMax) return undefined
    if (!cut.skipLine) onTooLong()
    cut.skipLine = true
    return { at: cut.held.length }
  }
  const isRest = cut.skipLine
  cut.skipLine = false
  if (isRest) return { at: end + 1 }
  if (end - at > bytesMax) {
    onTooLong()
    return { at: end + 1 }
  }
  return { at: end + 1, message: cut.held.subarray(at, end) }
}

function push(cut: Cut, chunk: Buffer): Buffer[] {
  const messages: Buffer[] = []
  if (cut.broken) return messages
  cut.held = cut.held.length === 0 ? chunk : Buffer.concat([cut.held, chunk])
  let at = 0
  while (at < cut.held.length) {
    if (cut.skipBytes > 0) {
      const skipped = Math.min(cut.skipBytes, cut.held.length - at)
      cut.skipBytes -= skipped
      at += skipped
      continue
    }
    const found = next(cut, at)
    if (found === undefined) break
    at = found.at
    if (found.message !== undefined && found.message.length > 0) messages.push(found.message)
  }
  // A copy, so that a few bytes do not hold a whole chunk.
  cut.held = at >= cut.held.length ? Buffer.alloc(0) : Buffer.from(cut.held.subarray(at))
  return messages
}

function end(cut: Cut): Buffer | undefined {
  const rest = cut.held
  cut.held = Buffer.alloc(0)
  const isWhole =
    rest.length > 0 && !cut.skipLine && cut.skipBytes === 0 && !/^\d+ /.test(rest.toString('latin1', 0, 11))
  return isWhole && !cut.broken ? rest : undefined
}

export function createFraming(deps: FramingOptions): Framing {
  const cut: Cut = {
    options: deps,
    held: Buffer.alloc(0),
    skipBytes: 0,
    skipLine: false,
    broken: false,
  }

  return {
    push: (chunk) => push(cut, chunk),
    end: () => end(cut),
  }
}
