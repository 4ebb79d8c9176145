/**
 * The inputs of the configuration: those that the collector opens itself, as a port for syslog or files that it follows. Each
 * has a name, the token in whose name it sends, and the settings of its type, which are checked and completed here.
 */
import Type, { type Static, type TObject } from 'typebox'
import { Default, Errors } from 'typebox/value'
import { LIMITS } from '../../../schemas/limits.ts'
import { type ConfigPath, explain, unknownWord, type Located } from './problems.ts'

export const CommonInput = Type.Object(
  {
    name: Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$', description: 'In metrics and logs' }),
    type: Type.String({ minLength: 1 }),
    token: Type.String({
      minLength: 1,
      maxLength: LIMITS.name_chars_max,
      description: 'Name of a token of this file: its tenant and scopes hold for all that comes in',
    }),
    history: Type.Boolean({ default: false, description: 'It trains and finds, and never acts' }),
  },
  { additionalProperties: true },
)
type Common = Static<typeof CommonInput>
/** An input with the settings of its type, all defaults filled in. */
export type InputSettings = Common & Readonly<Record<string, unknown>>
const COMMON_KEYS: readonly string[] = Object.keys(CommonInput.properties)

/** What the configuration knows of a type of input; handed in by who knows the registry. */
export interface InputTypeEntry {
  readonly type: string
  readonly settings: TObject
  problems(settings: never): readonly { readonly key: string; readonly message: string }[]
  /** Names of other tokens that the settings name. */
  tokens(settings: never): readonly string[]
}

interface TokenEntry {
  readonly name: string
  readonly role: string
  readonly scopes: readonly string[]
}

function tokenProblem(name: string, history: boolean, tokens: readonly TokenEntry[]): string | undefined {
  const token = tokens.find((one) => one.name === name)
  if (token === undefined) {
    return unknownWord(
      'token',
      name,
      tokens.map((one) => one.name),
    )
  }
  if (token.role === 'analyst') return `names the token ${name}, whose role may not send`
  if (token.scopes.length === 0) return `names the token ${name}, which has no scope`
  if (history && !token.scopes.includes('history')) return `names the token ${name}, which lacks the scope history`
  return undefined
}

const settingsOf = (input: InputSettings): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(input).filter(([key]) => !COMMON_KEYS.includes(key)))

/** Checks and completes them all. */
export function completeInputs(
  inputs: readonly Common[],
  types: readonly InputTypeEntry[],
  tokens: readonly TokenEntry[],
): { readonly inputs: InputSettings[]; readonly problems: readonly Located[] } {
  const names = new Set<string>()
  const problems: Located[] = []
  const complete = inputs.map((input, i): InputSettings => {
    const at = (path: ConfigPath, message: string) => problems.push({ path: ['inputs', i, ...path], message })
    if (names.has(input.name)) at(['name'], 'two inputs have this name')
    names.add(input.name)
    const type = types.find((one) => one.type === input.type)
    if (type === undefined) {
      const known = types.map((one) => one.type)
      at(['type'], unknownWord('type of input', input.type, known))
      return { ...input }
    }
    const settings = Default(type.settings, settingsOf({ ...input })) as never
    const wrong = [...Errors(type.settings, settings)].flatMap((error) => explain(error, type.settings, settings))
    for (const { path, message } of wrong) at(path, message)
    const whole: InputSettings = { ...input, ...(settings as object) }
    if (wrong.length > 0) return whole
    for (const { key, message } of type.problems(settings)) at([key], message)
    for (const token of [input.token, ...type.tokens(settings)]) {
      const message = tokenProblem(token, input.history, tokens)
      if (message !== undefined) at(['token'], message)
    }
    return whole
  })
  return { inputs: complete, problems }
}
