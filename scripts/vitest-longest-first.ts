/**
 * The order of the test files: those that take minutes come first, so that the rest runs in parallel with them. Vitest knows
 * a file's duration only from an earlier run, which a clean checkout does not have.
 */
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Longest first. */
const LONG = ['faults/faults.kafka.test.ts', 'faults/faults.embedded.test.ts', 'conformance/sinks.test.ts'] as const

function rankOf({ moduleId }: TestSpecification): number {
  const rank = LONG.findIndex((file) => moduleId.endsWith(file))
  return rank === -1 ? LONG.length : rank
}

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    return sorted.toSorted((a, b) => rankOf(a) - rankOf(b))
  }
}
