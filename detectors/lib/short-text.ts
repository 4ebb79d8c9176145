/** A short text in the row's own columns: a name for a finding. Truncated to its bytes; the last value set remains. */
import { type Cursor, type Field, rowBytes } from './columns.ts'

export interface ShortText {
  value: string
}

class ShortTextHandle implements ShortText {
  readonly #c: Cursor
  readonly #i: number
  readonly #bytes: number
  constructor(c: Cursor, first: number, bytes: number) {
    this.#c = c
    this.#i = first
    this.#bytes = bytes
  }
  get #buffer(): Buffer {
    return rowBytes(this.#c, this.#i, this.#bytes)
  }
  get value(): string {
    const buffer = this.#buffer
    const end = buffer.indexOf(0)
    return buffer.toString('utf8', 0, end < 0 ? this.#bytes : end)
  }
  set value(text: string) {
    const buffer = this.#buffer
    buffer.fill(0)
    // Node writes whole characters only.
    buffer.write(text, 'utf8')
  }
}

export const shortText = (options: { readonly bytes: number }): Field<ShortText> => ({
  columns: { text: { type: 'u8', length: options.bytes } },
  bind: (c, first) => new ShortTextHandle(c, first, options.bytes),
})
