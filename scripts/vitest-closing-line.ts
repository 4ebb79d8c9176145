/**
 * The last output of a test run: what was skipped and why, then one plain line `N passed, N failed, N skipped` for both
 * people and continuous integration. A file that could not be loaded counts as one failed test.
 */
import type { Reporter, TestModule } from 'vitest/node'

export interface Counts {
  passed: number
  failed: number
  skipped: number
}

/** One `Counts` over all modules; errors outside of any test count as failed ones. */
export const countTests = (modules: readonly TestModule[], strayErrors: number): Counts => {
  const counts: Counts = { passed: 0, failed: strayErrors, skipped: 0 }
  for (const module of modules) {
    let tests = 0
    for (const test of module.children.allTests()) {
      tests += 1
      const { state } = test.result()
      counts[state === 'pending' ? 'skipped' : state] += 1
    }
    if (!module.ok() && (tests === 0 || module.errors().length > 0)) counts.failed += 1
  }
  return counts
}

/**
 * `title: reason` for each test that was skipped, the reason being the note given to `context.skip`, if any. Who asks for
 * some tests by name knows that the others do not run: then nothing but reasons is listed.
 */
export const listSkipped = (modules: readonly TestModule[], isByName: boolean): string[] => {
  const lines: string[] = []
  for (const module of modules) {
    for (const test of module.children.allTests('skipped')) {
      const result = test.result()
      const note = result.state === 'skipped' ? result.note : undefined
      if (isByName && !note) continue
      lines.push(`${module.relativeModuleId}: ${test.fullName}${note ? `: ${note}` : ''}`)
    }
  }
  return lines
}

export const formatCounts = ({ passed, failed, skipped }: Counts): string =>
  `${passed} passed, ${failed} failed, ${skipped} skipped`

/** The reporter that prints the closing lines. Others print at the same event: this one waits until the process leaves. */
export const closingLine = (): Reporter => {
  let isByName = false
  return {
    onInit({ config }) {
      isByName = config.testNamePattern !== undefined
    },
    onTestRunEnd(modules, errors) {
      const skipped = listSkipped(modules, isByName)
      const line = formatCounts(countTests(modules, errors.length))
      process.once('exit', () => {
        if (skipped.length > 0) console.log(`Left out:\n${skipped.map((each) => `  ${each}`).join('\n')}`)
        console.log(line)
      })
    },
  }
}
