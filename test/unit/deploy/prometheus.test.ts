/** The alert rules hold to their cases in Prometheus' own checker, and speak of metrics that exist. */
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { createMetrics } from '../../../services/lib/metrics.ts'
import { programPath, whyMissing } from '../../support/clients.ts'

const FOLDER = join(import.meta.dirname, '../../../infra/prometheus')
const run = promisify(execFile)

describe('the alert rules', () => {
  it('speak of metrics that exist', () => {
    const rules = readFileSync(join(FOLDER, 'alerts.yaml'), 'utf8')
    const named = new Set([...rules.matchAll(/moltwatch_[a-z_]+/g)].map(([name]) => name))
    const known = new Set(
      createMetrics()
        .registry.getMetricsAsArray()
        .map(({ name }) => name),
    )
    expect(named.size).toBeGreaterThan(5)
    expect([...named].filter((name) => !known.has(name))).toEqual([])
  })

  it.for([
    ['check', 'alerts.yaml'],
    ['test', 'alerts.test.yaml'],
  ] as const)('pass promtool %s rules', async ([verb, file], context) => {
    const promtool = programPath('promtool')
    if (promtool === undefined) return context.skip(whyMissing('promtool'))
    const { stdout } = await run(promtool, [verb, 'rules', file], { cwd: FOLDER })
    expect(stdout).toContain('SUCCESS')
  })
})
