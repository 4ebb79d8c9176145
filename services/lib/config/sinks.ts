/**
 * The sinks of the configuration. Each has the settings that all sinks share and those of its type, which are checked and
 * completed here. A setting that is a secret may be in a file or in the environment instead: `secret_file`, `secret_env`.
 */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Static, TObject } from 'typebox'
import { Default, Errors } from 'typebox/value'
import type { Receives } from '../../../schemas/notice.ts'
import { type ConfigPath, explain, unknownWord, type Located } from './problems.ts'
import { COMMON_SINK_KEYS, type CommonSink, type Sink } from './schema.ts'
import type { ReadSecret } from './read-secret.ts'

/** What the configuration knows of a type of sink; handed in by who knows the registry. */
export interface SinkTypeEntry {
  readonly type: string
  readonly settings: TObject
  readonly receives: readonly Receives[]
  problems(settings: unknown): readonly { readonly key: string; readonly message: string }[]
}

type Settings = Record<string, unknown>

const SECRET_BYTES_MAX = 16 * 1024

/** Reads secrets of files, without the line end that editors add, and of the environment. */
export const secretReader =
  (variable: (name: string) => string | undefined): ReadSecret =>
  (where, name) => {
    if (where === 'env') {
      const text = variable(name)
      if (text !== undefined && text !== '') return { ok: true, text }
      return { ok: false, reason: `names the environment variable ${name}, which is not set` }
    }
    try {
      const text = readFileSync(name, 'utf8').trimEnd()
      if (text !== '' && text.length <= SECRET_BYTES_MAX) return { ok: true, text }
      return { ok: false, reason: 'names a file that is empty or too long for a secret' }
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      return { ok: false, reason: `names a file that cannot be read (${code}): ${resolve(name)}` }
    }
  }

const isSecret = (schema: object): boolean => 'secret' in schema && schema.secret === true

/** The settings with every secret in its place. */
function withSecrets(
  type: SinkTypeEntry,
  given: Settings,
  read: ReadSecret | undefined,
): { readonly settings: Settings; readonly problems: Located[]; readonly unread: ReadonlySet<string> } {
  const settings = { ...given }
  const problems: Located[] = []
  const unread = new Set<string>()
  const secrets = Object.entries(type.settings.properties).filter(([, schema]) => isSecret(schema))
  for (const [key] of secrets) {
    for (const where of ['file', 'env'] as const) {
      const name = settings[`${key}_${where}`]
      if (name === undefined) continue
      delete settings[`${key}_${where}`]
      const path = [`${key}_${where}`]
      if (settings[key] !== undefined) problems.push({ path, message: `stands beside ${key}: give one of them` })
      else if (typeof name !== 'string' || name === '') problems.push({ path, message: 'must be a text' })
      else {
        const outcome = read?.(where, name) ?? { ok: false as const, reason: 'cannot be read here' }
        if (outcome.ok) settings[key] = outcome.text
        else {
          unread.add(key)
          problems.push({ path, message: outcome.reason })
        }
      }
    }
  }
  return { settings, problems, unread }
}

/** `unread`: secrets that could not be read. That they are missing is told already. */
function settingsProblems(type: SinkTypeEntry, settings: Settings, unread: ReadonlySet<string>): Located[] {
  const isTold = ({ params }: { readonly params: object }): boolean =>
    'requiredProperties' in params && (params.requiredProperties as string[]).every((key) => unread.has(key))
  const wrong = [...Errors(type.settings, settings)]
    .filter((error) => !isTold(error))
    .flatMap((error) => explain(error, type.settings, settings))
  if (wrong.length > 0) return wrong.map(({ path, message }) => ({ path, message }))
  return unread.size > 0 ? [] : type.problems(settings).map(({ key, message }) => ({ path: [key], message }))
}

/** The complete sinks, and what is wrong with them. */
export function completeSinks(
  sinks: readonly Static<typeof CommonSink>[],
  types: readonly SinkTypeEntry[],
  read: ReadSecret | undefined,
): { readonly sinks: Sink[]; readonly problems: Located[] } {
  const names = new Set<string>()
  const problems: Located[] = []
  const complete = sinks.map((sink, i): Sink => {
    const at = (path: ConfigPath, message: string) => problems.push({ path: ['sinks', i, ...path], message })
    if (names.has(sink.name)) at(['name'], 'two sinks have this name')
    names.add(sink.name)
    const entries = Object.entries(sink)
    const common = Object.fromEntries(entries.filter(([key]) => COMMON_SINK_KEYS.includes(key))) as unknown as Sink
    const type = types.find((one) => one.type === sink.type)
    if (type === undefined) {
      const known = types.map((one) => one.type)
      at(['type'], unknownWord('type of sink', sink.type, known))
      return { ...common, receives: common.receives ?? [] }
    }
    const given = Object.fromEntries(entries.filter(([key]) => !COMMON_SINK_KEYS.includes(key)))
    const found = withSecrets(type, given, read)
    const settings = Default(type.settings, found.settings) as Settings
    for (const { path, message } of [...found.problems, ...settingsProblems(type, settings, found.unread)])
      at(path, message)
    return { ...common, receives: common.receives ?? [...type.receives], ...settings }
  })
  return { sinks: complete, problems }
}

/** The settings of its type alone. */
export const settingsOf = (sink: Sink): Settings =>
  Object.fromEntries(Object.entries(sink).filter(([key]) => !COMMON_SINK_KEYS.includes(key)))
