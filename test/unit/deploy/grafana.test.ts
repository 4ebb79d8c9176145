/** The dashboards ask what there is: metrics of the services, and tables of the warehouse, whose engine runs each question. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { createMetrics } from '../../../services/lib/metrics.ts'
import type { Warehouse } from '../../../services/lib/warehouse/port.ts'
import { warehouse } from '../../integration/warehouse/support.ts'

interface Dashboard {
  readonly uid: string
  readonly templating: { readonly list: readonly { readonly type: string; readonly query: string }[] }
  readonly panels: readonly {
    readonly title: string
    readonly description: string
    readonly targets: readonly { readonly expr?: string; readonly rawSql?: string }[]
  }[]
}

const read = (name: string): Dashboard =>
  JSON.parse(readFileSync(join(import.meta.dirname, '../../../infra/grafana', `${name}.json`), 'utf8')) as Dashboard

describe('the dashboard of operations', () => {
  it('asks for metrics that exist', () => {
    const known = new Set(
      createMetrics()
        .registry.getMetricsAsArray()
        .map(({ name }) => name),
    )
    const asked = read('operations').panels.flatMap(({ targets }) =>
      targets.flatMap(({ expr = '' }) => [...expr.matchAll(/moltwatch_[a-z_]+/g)].map(([name]) => name)),
    )
    expect(asked.length).toBeGreaterThan(10)
    expect(asked.filter((name) => !known.has(name.replace(/_bucket$/, '')))).toEqual([])
  })
})

describe('the dashboard of findings', () => {
  const { panels, templating } = read('security')
  let store: Warehouse
  beforeAll(async () => {
    store = await warehouse()
  })

  /** What Grafana's plugin puts in the place of its macros. */
  const filled = (sql: string): string =>
    sql
      .replaceAll(/\$__timeFilter\((\w+)\)/g, '$1 >= toDateTime(0) AND $1 <= now()')
      .replaceAll('$__interval_s', '60')
      .replaceAll('${tenant}', 'acme')

  const questions = [
    ...panels.flatMap(({ title, targets }) => targets.map(({ rawSql = '' }) => [title, rawSql] as const)),
    ...templating.list.filter(({ type }) => type === 'query').map(({ query }) => ['tenants', query] as const),
  ]

  it.each(questions)('%s: the engine takes the question', async (_title, sql) => {
    expect(sql).not.toBe('')
    await expect(store.ask({ name: 'dashboard', sql: filled(sql), params: {} })).resolves.toBeDefined()
  })

  it('keeps to one tenant in every panel', () => {
    for (const [title, sql] of questions.slice(0, panels.length))
      expect([title, sql]).toEqual([title, expect.stringContaining("tenant = '${tenant}'")])
  })
})
