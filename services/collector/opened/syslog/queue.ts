/**
 * Lines that wait to be taken, in order: many at once, one body at a time. The producer is notified when there are too
 * many, and again when there is room.
 */
import { COLLECTOR_LIMITS } from '../../limits.ts'

export interface LineQueue {
  /** False if the producer should pause; the line is kept all the same. */
  push(line: Buffer): boolean
  isFull(): boolean
  /** Called each time that there is room again. */
  onRoom(hear: () => void): () => void
  /** Resolves when nothing waits; rejects where the rest cannot be taken. */
  drained(): Promise<void>
  /** Lines that wait. */
  size(): number
}

const SEPARATOR = Buffer.from([0])

/** `bytesMax`: from how many waiting bytes on the producer should pause. */
export function createLineQueue(bytesMax: number, take: (body: Buffer) => Promise<void>): LineQueue {
  let lines: Buffer[] = []
  let bytes = 0
  let running: Promise<void> | undefined
  const hearers = new Set<() => void>()

  function cut(): Buffer[] {
    let size = 0
    let count = 0
    for (const line of lines) {
      if (count > 0 && size + line.length > COLLECTOR_LIMITS.open_body_bytes_max) break
      size += line.length + 1
      count += 1
      if (count >= COLLECTOR_LIMITS.open_body_lines_max) break
    }
    return lines.slice(0, count)
  }

  async function run(): Promise<void> {
    while (lines.length > 0) {
      const batch = cut()
      await take(Buffer.concat(batch.flatMap((line) => [line, SEPARATOR])))
      const wasFull = isFull()
      lines = lines.slice(batch.length)
      bytes -= batch.reduce((sum, line) => sum + line.length, 0)
      if (wasFull && !isFull()) for (const hear of hearers) hear()
    }
  }

  const isFull = (): boolean => bytes >= bytesMax

  function begin(): void {
    if (running !== undefined || lines.length === 0) return
    running = new Promise<void>((resolve) => setTimeout(resolve, COLLECTOR_LIMITS.open_gather_ms))
      .then(run)
      .finally(() => {
        running = undefined
      })
    // Who drains hears of the failure; until then the lines wait.
    running.catch(() => undefined)
  }

  return {
    push(line) {
      lines.push(line)
      bytes += line.length
      begin()
      return !isFull()
    },
    isFull,
    onRoom(hear) {
      hearers.add(hear)
      return () => hearers.delete(hear)
    },
    async drained() {
      while (lines.length > 0) {
        begin()
        await running
      }
    },
    size: () => lines.length,
  }
}
