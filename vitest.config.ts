/**
 * How the tests run. chdb crashes in worker threads, so each test file has its own process. The tests that kill processes
 * and those that start ClickHouse need a core each, so at most two files run at a time.
 */
import { defineConfig } from 'vitest/config'
import { closingLine } from './scripts/vitest-closing-line.ts'
import { LongestFirst } from './scripts/vitest-longest-first.ts'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
    // A test may wait for one thing as long as test/support/patience.ts says, and has twice as long for all of it.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 60_000, interval: 100 } },
    teardownTimeout: 10_000,
    // A red test must mean a fault: what passes at the second try is a bug, in the test or behind it.
    retry: 0,
    passWithNoTests: false,
    // Node reads the files itself, as it does in the service: loading them through Vite takes more than twice as long.
    experimental: { viteModuleRunner: false, nodeLoader: false },
    reporters: ['default', closingLine()],
  },
})
