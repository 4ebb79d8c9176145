/** What parent and children of the benchmark of restores tell each other. */
export type Engine = 'kafka' | 'embedded'
export const ENGINES = ['kafka', 'embedded'] as const satisfies readonly Engine[]

export interface Written {
  readonly identities: number
  /** Of one generation, before compression and after it. */
  readonly column_bytes: number
  readonly compressed_bytes: number
  /** Of each generation, all partitions together. */
  readonly write_ms: Readonly<Record<Engine, readonly number[]>>
  /** Of each partition's newest snapshot. */
  readonly fingerprints: readonly string[]
}

export interface Restored {
  readonly ms: number
  readonly cpu_ms: number
  readonly partition_ms_p50: number
  readonly partition_ms_max: number
  readonly identities: number
  readonly fingerprints: readonly string[]
}

export interface Measured {
  readonly log_bytes: number
  /** Each partition by itself, and all at once. */
  readonly in_turn: Restored
  readonly together: Restored
}
