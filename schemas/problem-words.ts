/**
 * What a schema check reports, in words for the person who wrote the value: the same for events, commands, requests and
 * configuration. No sentence repeats the value: it could be a secret.
 */

/** What the check of a TypeBox schema reports, as far as it is used here. */
export interface SchemaError {
  readonly keyword: string
  readonly instancePath: string
  readonly params: object
  readonly message: string
}

const TYPES: ReadonlyMap<string, string> = new Map([
  ['string', 'a text'],
  ['number', 'a number'],
  ['integer', 'a whole number'],
  ['boolean', 'true or false'],
  ['array', 'a list'],
  ['object', 'an object'],
  ['null', 'null'],
])
const FORMATS: ReadonlyMap<string, string> = new Map([
  ['date-time', 'a time such as 2026-01-31T09:00:00Z'],
  ['date', 'a date such as 2026-01-31'],
])
/** Ids and hashes. */
const HEX_PATTERN = /^\^\[0-9a-f\]\{(\d+)\}\$$/

const listOf = (value: unknown): readonly string[] => (Array.isArray(value) ? value : [value]).map(String)

/** What was expected, as what follows the name of the place: `must be a number`. */
export function problemInWords({ keyword, params, message }: Omit<SchemaError, 'instancePath'>): string {
  const given = params as Readonly<Record<string, unknown>>
  switch (keyword) {
    case 'type':
      return `must be ${listOf(given['type'])
        .map((type) => TYPES.get(type) ?? type)
        .join(' or ')}`
    case 'required':
      return `lacks ${listOf(given['requiredProperties'] ?? given['missingProperty']).join(', ')}`
    case 'enum':
      return `must be one of ${listOf(given['allowedValues']).join(', ')}`
    case 'additionalProperties':
      return `knows no ${listOf(given['additionalProperties'] ?? given['additionalProperty']).join(', ')}`
    case 'const':
      return `must be ${String(given['allowedValue'])}`
    case 'format':
      return `must be ${FORMATS.get(String(given['format'])) ?? `of the form ${String(given['format'])}`}`
    case 'pattern': {
      const [, digits] = HEX_PATTERN.exec(String(given['pattern'])) ?? []
      return digits === undefined ? message : `must be ${digits} of the characters 0-9 and a-f`
    }
    default:
      return message
  }
}

/** These say again what another error of the same place says better: that a key is not known, or what each branch wants. */
const REPEATS: ReadonlySet<string> = new Set(['boolean', 'anyOf'])

/** The errors of a check with sentences for messages, without those that only repeat another. */
export const problemsInWords = (errors: Iterable<SchemaError>): readonly SchemaError[] =>
  [...errors]
    .filter(({ keyword }) => !REPEATS.has(keyword))
    .map((error) => ({ ...error, message: problemInWords(error) }))
