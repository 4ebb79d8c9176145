/** What the killed process and the test that kills it agree on. */
import { spec } from '../../support/sqlite-log.ts'

/** `events` keeps everything, `state` the newest of each key, `raw` next to nothing. */
export const TOPICS = [spec('events', 3), spec('state', 1, 'compact'), { ...spec('raw'), retentionMs: 1 }]
export const PLACES: readonly (readonly [topic: string, partition: number])[] = [
  ['events', 0],
  ['events', 1],
  ['events', 2],
  ['state', 0],
  ['raw', 0],
]
export const KEYS = 5

const SIZES = [0, 10, 500, 5_000, 30_000]

/** What record `number` of a partition holds. */
export const valueOf = (topic: string, partition: number, number: number): Buffer =>
  Buffer.from(`${topic}/${partition} ${number} ${`${number * 7919}`.repeat(SIZES[number % SIZES.length]! / 5)}`)
