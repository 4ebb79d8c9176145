/**
 * Nothing is declared that nothing does: every key of the configuration, every control record and every column of an event is
 * read by some source that is not the one that declares or writes it.
 */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { AgentRegistry } from '../../../schemas/agents.ts'
import { DetectionLayer } from '../../../schemas/configuration.ts'
import { Control } from '../../../schemas/control.ts'
import { EVENT_COLUMNS } from '../../../schemas/event.ts'
import { ServiceConfiguration } from '../../../services/lib/config/schema.ts'

const ROOT = join(import.meta.dirname, '../../..')

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>
  readonly patternProperties?: Readonly<Record<string, Schema>>
  readonly items?: Schema
}

/** Names of all keys, those of nested objects and lists too. */
function keysOf({ properties = {}, patternProperties = {}, items }: Schema): string[] {
  const below = [...Object.values(properties), ...Object.values(patternProperties), ...(items ? [items] : [])]
  return [...Object.keys(properties), ...below.flatMap(keysOf)]
}

const textOf = (paths: readonly string[], but: readonly string[]): string =>
  paths
    .flatMap((path) => globSync(path, { cwd: ROOT }))
    .filter((path) => !but.some((one) => path.startsWith(one)))
    .map((path) => readFileSync(join(ROOT, path), 'utf8'))
    .join('\n')

/** Words that stand as a member, in a pattern of destructuring, or as a text; comments and descriptions do not count. */
const wordsOf = (text: string): ReadonlySet<string> =>
  new Set(
    [...text.matchAll(/(?:\.|[{,(]\s*|^\s+|['`])([a-z][a-z0-9_]*)(?=['`]?\s*(?:[,:})\].;?!=[*/+<>-]|$| as ))/gm)].map(
      ([, word]) => word ?? '',
    ),
  )

const unread = (declared: readonly string[], readers: ReadonlySet<string>): string[] =>
  [...new Set(declared)].filter((one) => !readers.has(one)).sort()

describe('what is declared', () => {
  const readers = wordsOf(
    textOf(
      ['services/**/*.ts', 'detectors/**/*.ts'],
      ['services/lib/config/schema.ts', 'services/lib/config/engines.ts'],
    ),
  )

  it('is read: every key of the configuration', () => {
    const schemas = [ServiceConfiguration, DetectionLayer, AgentRegistry] as readonly Schema[]
    const keys = schemas.flatMap(keysOf)
    expect(keys.length).toBeGreaterThan(50)
    expect(unread(keys, readers)).toEqual([])
    expect(unread([...keys, 'planted_key'], readers)).toEqual(['planted_key'])
  })

  it('is read: every control record, by the engine', () => {
    const engine = textOf(['services/detector/engine/*.ts'], [])
    const types = Control.anyOf.map(({ properties }) => properties.type.const)
    expect(types.length).toBeGreaterThan(3)
    expect([...types, 'planted'].filter((type) => !engine.includes(`control.type === '${type}'`))).toEqual(['planted'])
  })

  it('is read: every column of an event, by somebody who did not write it', () => {
    const others = wordsOf(
      textOf(['services/**/*.ts', 'services/**/*.tsx', 'detectors/**/*.ts'], ['services/collector/']),
    )
    const columns = EVENT_COLUMNS.map(({ name }) => name)
    expect(columns.length).toBeGreaterThan(40)
    expect(unread([...columns, 'planted_column'], others)).toEqual(['planted_column'])
  })
})
