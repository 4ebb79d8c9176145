/** Fills partitions of stage one with identities that have acted and are at rest, for measuring what a state costs. */
import { DETECTORS } from '../../../detectors/registry.ts'
import { EVENT_SCHEMA_VERSION } from '../../../schemas/event.ts'
import { encodeTick } from '../../../schemas/frame.ts'
import { createStageOne, type Stage } from '../../../services/detector/engine/index.ts'
import { WORK_RECEIPT_MS } from './workload.ts'

const HOUR_MS = 3_600_000
const PER_FRAME = 400

export const stageOptions = (partition: number) => ({ detectors: DETECTORS, codeVersion: 'bench', partition })

/** Makes a frame: how many events before it, how many in it, whose the n-th is, and its receipt time in ms. */
export type FrameMaker = (from: number, count: number, identityOf: (n: number) => number, receiptTime: number) => Buffer

export class Filler {
  readonly stages: Stage[]
  readonly #offsets: number[]
  #n = 0
  #hour = 0
  readonly #frame: FrameMaker
  constructor(partitions: number, frame: FrameMaker) {
    this.#frame = frame
    this.stages = Array.from({ length: partitions }, (_, partition) => createStageOne(stageOptions(partition)))
    this.#offsets = this.stages.map(() => 0)
  }
  #apply(partition: number, value: Buffer): void {
    const offset = this.#offsets[partition] ?? 0
    this.#offsets[partition] = offset + 1
    this.stages[partition]?.apply({ offset, value })
  }
  /** Events of identities from `from` to `to`, in every partition, each in turn. */
  events(from: number, to: number, perIdentity: number): void {
    for (let partition = 0; partition < this.stages.length; partition++) {
      for (let round = 0; round < perIdentity; round++) {
        for (let i = from; i < to; i += PER_FRAME) {
          const count = Math.min(PER_FRAME, to - i)
          const base = this.#n
          const value = this.#frame(base, count, (n) => i + n - base, WORK_RECEIPT_MS + this.#hour * HOUR_MS)
          this.#n += count
          this.#apply(partition, value)
        }
      }
    }
  }
  /** Log time passes until nothing is open: then every identity is at rest. */
  rest(): void {
    for (let hours = 0; hours < 100; hours += 24) {
      this.#hour += 24
      const tick = encodeTick(EVENT_SCHEMA_VERSION, WORK_RECEIPT_MS + this.#hour * HOUR_MS)
      for (let partition = 0; partition < this.stages.length; partition++) this.#apply(partition, tick)
      if (!this.stages.some((stage) => stage.pending)) return
    }
    throw new Error('windows stay open however much log time passes')
  }
  get stateBytes(): number {
    return this.stages.reduce((sum, stage) => sum + stage.stats.stateBytes, 0)
  }
  get identities(): number {
    return this.stages.reduce((sum, stage) => sum + stage.stats.identities, 0)
  }
}
