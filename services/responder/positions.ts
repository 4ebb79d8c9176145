/**
 * How far `findings` and `commands` have been applied. It is stored in `state`, because recovery reads nothing else; the
 * offset is the sequence. It is written after what it covers is durable, so a kill in between repeats records, and
 * repeats change nothing.
 */
import type { Log } from '../lib/log/port.ts'
import type { Logger } from '../lib/logger.ts'
import type { StateStore } from './store.ts'

interface Position {
  readonly topic: string
  readonly partition: number
  /** Next offset to apply. */
  readonly offset: number
}

export interface Positions {
  restore(position: unknown): void
  /** Where to read on; logs an error if records were lost in between. */
  startOf(topic: string, partition: number): Promise<number | 'earliest'>
  /** In memory; `save` writes. */
  advance(topic: string, partition: number, offset: number): void
  save(): Promise<void>
}

/** Makes the memory of positions. */
export function createPositions(log: Log, store: StateStore, logger: Logger): Positions {
  const positions = new Map<string, Position>()
  const unsaved = new Set<string>()
  const nameOf = (topic: string, partition: number): string => `${topic}-${partition}`
  return {
    restore(value) {
      const position = value as Position
      positions.set(nameOf(position.topic, position.partition), position)
    },
    async startOf(topic, partition) {
      const position = positions.get(nameOf(topic, partition))
      if (position === undefined) return 'earliest'
      const { start, end } = await log.bounds(topic, partition)
      const { offset } = position
      if (offset >= start && offset <= end) return offset
      const facts = { topic, partition, offset, start, end }
      // Nobody else acts on findings: continuing with what is left, and saying so, is better than stopping.
      if (offset < start) logger.error(facts, 'records expired before they were acted on: look at them in the findings')
      else logger.error(facts, 'the log ends before what was applied: it was replaced, and is read from its beginning')
      return 'earliest'
    },
    advance(topic, partition, offset) {
      const name = nameOf(topic, partition)
      positions.set(name, { topic, partition, offset })
      unsaved.add(name)
    },
    async save() {
      if (unsaved.size === 0) return
      const tx = store.begin('')
      for (const name of unsaved) {
        const position = positions.get(name)
        if (position !== undefined) tx.put('position', name, position, position.offset)
      }
      unsaved.clear()
      await tx.commit()
    },
  }
}
