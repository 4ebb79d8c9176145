/**
 * A leak list in the form in which detectors ask it: a sorted typed array that is searched by halving. 1.5 million entries
 * take 24 MB, held once in a process whatever the number of its partitions.
 */
import { LEAK_ENTRY_BYTES, LEAK_LIST, leakListHash } from '../../schemas/leak-list.ts'

const KEYED_HASH = /^[0-9a-f]{32}$/
/** 32-bit words of an entry. */
const WORDS = LEAK_ENTRY_BYTES / 4
const HEX_DIGITS = 8

export class LeakedCredentials {
  readonly section = LEAK_LIST
  /** Names the content. */
  readonly hash: string
  readonly #words: Uint32Array

  /** `bytes`: the content of a leak list, see schemas/leak-list.ts. */
  constructor(bytes: Uint8Array) {
    this.hash = leakListHash(bytes)
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#words = new Uint32Array(Math.floor(bytes.byteLength / 4))
    for (let i = 0; i < this.#words.length; i++) this.#words[i] = view.getUint32(4 * i)
  }

  get size(): number {
    return this.#words.length / WORDS
  }

  get bytes(): number {
    return this.#words.byteLength
  }

  /** Whether a credential, as named in events, is on the list. Anything but a keyed hash is not. */
  has(credential: string): boolean {
    if (this.#words.length === 0 || !KEYED_HASH.test(credential)) return false
    const wanted = [0, 1, 2, 3].map((word) =>
      Number.parseInt(credential.slice(word * HEX_DIGITS, (word + 1) * HEX_DIGITS), 16),
    )
    let [low, high] = [0, this.size]
    while (low < high) {
      const middle = (low + high) >>> 1
      const order = this.#compare(middle, wanted)
      if (order === 0) return true
      if (order < 0) low = middle + 1
      else high = middle
    }
    return false
  }

  /** Below 0 if the entry comes before the wanted words; 0 if they are equal. */
  #compare(entry: number, wanted: readonly number[]): number {
    for (let word = 0; word < WORDS; word++) {
      const order = (this.#words[entry * WORDS + word] as number) - (wanted[word] as number)
      if (order !== 0) return order
    }
    return 0
  }
}
