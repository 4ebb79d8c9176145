/**
 * Cursor's agent, which cannot run here: what is published of what hooks are given, in the sample beside the mapping, and the hooks
 * that docs/senders.md has people copy.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createFormats } from '../../services/collector/formats/formats.ts'
import { normalise } from '../../services/collector/normalise.ts'
import { mappingOf } from '../support/mappings.ts'
import { normaliseContext } from '../support/normalise.ts'

const FOLDER = join(import.meta.dirname, '../../infra/examples/cursor')
const read = (file: string): string => readFileSync(join(FOLDER, file), 'utf8')

const records = read('cursor-hooks.sample.ndjson')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as { readonly hook_event_name: string })

describe("what Cursor's hooks tell", () => {
  const formats = createFormats([mappingOf(read('cursor-hooks.yaml'))])
  const result = normalise('cursor-hooks', records, normaliseContext({ formats }))
  if (!result.ok) throw new Error(result.detail)

  it('is an agent that was asked, ran a command, called a server and edited a file, each once', () => {
    expect(result.rejected).toEqual([])
    expect(result.events).toMatchObject([
      { action: 'user.message', kind: 'message', content_origin: 'user' },
      { action: 'shell', kind: 'tool', target: 'npm test' },
      { action: 'database_query', kind: 'mcp', target: 'SELECT name FROM customers', content_origin: 'untrusted' },
      { action: 'edit_file', kind: 'tool', target: '/project/late.ts' },
    ])
  })

  it('is one agent, in its conversation, for its user', () => {
    const who = result.events.map((event) => `${event.identity} ${event.principal_kind} ${event.session}`)
    expect(new Set(who)).toEqual(new Set(['cursor agent 668320d2-2fd8-4888-b33c-2a466fec86e7']))
    expect(result.events.every(({ on_behalf_of: people }) => people[0] === 'ada@example.com')).toBe(true)
  })

  it('comes from the hooks of the example, and from no other', () => {
    const { hooks } = JSON.parse(read('hooks.json')) as { hooks: Readonly<Record<string, unknown>> }
    const mapped = new Set(Object.keys(hooks))
    expect(records.filter(({ hook_event_name: hook }) => mapped.has(hook))).toHaveLength(result.events.length)
  })
})
