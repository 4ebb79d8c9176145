/**
 * Makes the content of a tenant's leak list out of what its files hold: each SHA-256 is keyed as the collector keys a
 * credential, and the entries are sorted. From here on the list can be compared with events, and with nothing else.
 */
import { LEAK_ENTRY_BYTES } from '../../../schemas/leak-list.ts'
import { createKeyer } from '../credential-hash.ts'

const HASH_BYTES = 32

/** Orders two entries by their bytes. */
const compare = (entries: Buffer, a: number, b: number): number => {
  for (let i = 0; i < LEAK_ENTRY_BYTES; i++) {
    const order = (entries[a * LEAK_ENTRY_BYTES + i] as number) - (entries[b * LEAK_ENTRY_BYTES + i] as number)
    if (order !== 0) return order
  }
  return 0
}

/** Indexes of the entries in ascending order. All are sorted by the first word, and equal ones then by the rest. */
function orderOf(entries: Buffer): Uint32Array {
  const count = entries.length / LEAK_ENTRY_BYTES
  // One 64-bit number for each: the first word above, the index below.
  const pairs = new BigUint64Array(count)
  const view = new DataView(pairs.buffer)
  for (let i = 0; i < count; i++) {
    view.setUint32(8 * i, i, true)
    view.setUint32(8 * i + 4, entries.readUInt32BE(i * LEAK_ENTRY_BYTES), true)
  }
  pairs.sort()
  const order = new Uint32Array(count)
  for (let i = 0; i < count; i++) order[i] = view.getUint32(8 * i, true)
  const wordOf = (place: number): number => view.getUint32(8 * place + 4, true)
  for (let from = 0; from < count; ) {
    let to = from + 1
    while (to < count && wordOf(to) === wordOf(from)) to++
    if (to - from > 1) order.subarray(from, to).sort((a, b) => compare(entries, a, b))
    from = to
  }
  return order
}

/** `hashes`: 32 bytes for each entry. The content as schemas/leak-list.ts describes it. */
export function keyList(hashes: Buffer, key: Uint8Array): Uint8Array {
  const count = hashes.length / HASH_BYTES
  const entries = Buffer.allocUnsafe(count * LEAK_ENTRY_BYTES)
  const keyed = createKeyer(key)
  for (let i = 0; i < count; i++) keyed(hashes, i * HASH_BYTES, entries, i * LEAK_ENTRY_BYTES)
  const content = new Uint8Array(entries.length)
  let [kept, before] = [0, -1]
  for (const entry of orderOf(entries)) {
    if (before >= 0 && compare(entries, entry, before) === 0) continue
    entries.copy(content, kept * LEAK_ENTRY_BYTES, entry * LEAK_ENTRY_BYTES, (entry + 1) * LEAK_ENTRY_BYTES)
    kept++
    before = entry
  }
  return content.slice(0, kept * LEAK_ENTRY_BYTES)
}
