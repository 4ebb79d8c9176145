/**
 * Snappy's block format, which Loki's clients send: the length as a varint, then literals and copies of earlier output.
 * See format_description.txt of google/snappy. The length is checked before it is used, and every copy must stay within
 * the output so far. A small body therefore cannot become a large one or read another's memory.
 */

/** The bytes, or why they are none. */
export type Unsnapped = { readonly ok: true; readonly bytes: Buffer } | { readonly ok: false; readonly detail: string }

const broken = (detail: string): Unsnapped => ({ ok: false, detail: `the body is no snappy block: ${detail}` })

function varint(bytes: Buffer): readonly [number, number] | undefined {
  let value = 0
  for (let i = 0; i < Math.min(bytes.length, 5); i++) {
    value += ((bytes[i] as number) & 0x7f) * 2 ** (7 * i)
    if ((bytes[i] as number) < 0x80) return [value, i + 1]
  }
  return undefined
}

/** Where a copy begins and how long it is, and how many bytes say so. */
function copyAt(bytes: Buffer, at: number): { length: number; offset: number; size: number } | undefined {
  const tag = bytes[at] as number
  const size = [0, 2, 3, 5][tag & 3] as number
  if (at + size > bytes.length) return undefined
  if ((tag & 3) === 1)
    return { length: ((tag >> 2) & 7) + 4, offset: ((tag >> 5) << 8) | (bytes[at + 1] as number), size }
  const offset = (tag & 3) === 2 ? bytes.readUInt16LE(at + 1) : bytes.readUInt32LE(at + 1)
  return { length: (tag >> 2) + 1, offset, size }
}

/** Where a text begins and how long it is. */
function textAt(bytes: Buffer, at: number): { length: number; start: number } | undefined {
  const short = (bytes[at] as number) >> 2
  if (short < 60) return { length: short + 1, start: at + 1 }
  const size = short - 59
  return at + 1 + size > bytes.length ? undefined : { length: bytes.readUIntLE(at + 1, size) + 1, start: at + 1 + size }
}

/** `bytesMax`: of what it becomes. */
export function unsnappy(bytes: Buffer, bytesMax: number): Unsnapped {
  const length = varint(bytes)
  if (length === undefined) return broken('its length is missing')
  const [size, begin] = length
  if (size > bytesMax) return broken(`it becomes more than ${bytesMax} bytes`)
  const made = Buffer.alloc(size)
  let written = 0
  for (let at = begin; at < bytes.length; ) {
    if (((bytes[at] as number) & 3) === 0) {
      const text = textAt(bytes, at)
      if (text === undefined || text.start + text.length > bytes.length || written + text.length > size) {
        return broken(`byte ${at} begins a text that ends outside`)
      }
      bytes.copy(made, written, text.start, text.start + text.length)
      written += text.length
      at = text.start + text.length
    } else {
      const copy = copyAt(bytes, at)
      if (copy === undefined || copy.offset === 0 || copy.offset > written || written + copy.length > size) {
        return broken(`byte ${at} begins a copy of what is not there`)
      }
      // A copy may read what it has just written.
      for (let n = 0; n < copy.length; n++) made[written + n] = made[written + n - copy.offset] as number
      written += copy.length
      at += copy.size
    }
  }
  return written === size ? { ok: true, bytes: made } : broken('it ends too early')
}
