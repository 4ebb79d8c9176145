/**
 * Evidence in bounded bytes: the events that a finding will show, kept as text in the row's own columns, so that it is
 * freed, moved and snapshotted with the row. Long actions and targets are cut.
 */
import type { EventView } from '../../schemas/event.ts'
import type { Evidence } from '../../schemas/finding.ts'
import { type Cursor, type Field, rowBytes } from './columns.ts'

const CHARS_MAX = 96

/** The evidence form of an event. */
export const evidenceOf = (
  event: Pick<EventView, 'event_id' | 'source_id' | 'time' | 'action' | 'target'>,
): Evidence => ({
  event_id: event.event_id,
  source_id: event.source_id,
  time: new Date(event.time).toISOString(),
  action: cut(event.action),
  target: cut(event.target),
})
const cut = (word: string): string => (word.length <= CHARS_MAX ? word : `${word.slice(0, CHARS_MAX - 1)}…`)

/** Keeps the first events given to it, until its bytes are used up. Depends on order; `bytes` + 3 bytes. */
export interface EvidenceList {
  /** Index of the kept event, or -1 if there was no room. */
  add(event: Evidence): number
  at(index: number): Evidence | undefined
  list(): Evidence[]
  readonly length: number
}

class EvidenceHandle implements EvidenceList {
  readonly #c: Cursor
  readonly #i: number
  readonly #bytes: number
  constructor(c: Cursor, first: number, bytes: number) {
    this.#c = c
    this.#i = first
    this.#bytes = bytes
  }
  get #buffer(): Buffer {
    return rowBytes(this.#c, this.#i + 2, this.#bytes)
  }
  add(event: Evidence): number {
    const { chunk, slot } = this.#c
    const used = (chunk[this.#i] as Uint16Array)[slot] as number
    const counts = chunk[this.#i + 1] as Uint8Array
    const line = JSON.stringify([event.event_id, event.source_id, event.time, event.action, event.target])
    const length = Buffer.byteLength(line)
    if (used + 2 + length > this.#bytes || counts[slot] === 255) return -1
    const buffer = this.#buffer
    buffer.writeUInt16LE(length, used)
    buffer.write(line, used + 2, 'utf8')
    ;(chunk[this.#i] as Uint16Array)[slot] = used + 2 + length
    const index = counts[slot] as number
    counts[slot] = index + 1
    return index
  }
  at(index: number): Evidence | undefined {
    return this.list()[index]
  }
  list(): Evidence[] {
    const buffer = this.#buffer
    const used = (this.#c.chunk[this.#i] as Uint16Array)[this.#c.slot] as number
    const events: Evidence[] = []
    for (let at = 0; at < used; ) {
      const length = buffer.readUInt16LE(at)
      const line = JSON.parse(buffer.toString('utf8', at + 2, at + 2 + length)) as [
        string,
        string,
        string,
        string,
        string,
      ]
      events.push({ event_id: line[0], source_id: line[1], time: line[2], action: line[3], target: line[4] })
      at += 2 + length
    }
    return events
  }
  get length(): number {
    return (this.#c.chunk[this.#i + 1] as Uint8Array)[this.#c.slot] as number
  }
}

/** `bytes` below 65,536; an event takes about 150. */
export const evidenceList = (options: { readonly bytes: number }): Field<EvidenceList> => ({
  columns: {
    used: { type: 'u16', length: 1 },
    count: { type: 'u8', length: 1 },
    text: { type: 'u8', length: options.bytes, records: { countedBefore: 2, width: 1 } },
  },
  bind: (c, first) => new EvidenceHandle(c, first, options.bytes),
})
