/**
 * What keeps tenants apart is that one file asks the warehouse. This reads the sources of the API and sees that it stays so.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const ROOT = join(import.meta.dirname, '../../../services/api')
const sources = readdirSync(ROOT, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => ({ file, text: readFileSync(join(ROOT, file), 'utf8') }))
const filesWith = (pattern: RegExp): string[] =>
  sources.filter(({ text }) => pattern.test(text)).map(({ file }) => file)

describe('the API', () => {
  it('asks the warehouse in one file only', () => {
    expect(filesWith(/\.ask\b|\.ask</)).toEqual(['query.ts'])
    expect(filesWith(/tenantReader\(/).sort()).toEqual(['query.ts', 'serve.ts'])
  })

  it('has no SQL in its routes, and none of a caller anywhere', () => {
    expect(filesWith(/\b(SELECT|INSERT|WHERE|FROM [a-z])/)).toEqual(['query.ts'])
    const routes = sources.filter(({ file }) => file.startsWith('routes'))
    expect(routes.length).toBeGreaterThan(4)
    for (const { file, text } of routes) expect([file, /lib\/warehouse|warehouse\./.test(text)]).toEqual([file, false])
  })
})
