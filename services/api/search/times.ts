/** Times as people write them: ISO 8601 with a zone, a date, milliseconds since 1970, or how long ago (`-24h`). */

/** A date and time with its zone, or a date alone. Date.parse takes much more, and some of it in local time. */
const ISO = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d))?$/
const AGO = /^-(\d{1,9})([smhdw])$/
const UNITS = new Map([
  ['s', 1_000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
  ['w', 7 * 86_400_000],
])

export const DAY_MS = 86_400_000
/** What a Date can hold. */
const MS_MAX = 8_640_000_000_000_000

/** The same as a pattern, for the documents: what it takes is an instant. */
export const TIME_PATTERN = (() => {
  const date = '(19[7-9][0-9]|[2-9][0-9]{3})-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])'
  const clock = '([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]{1,9})?)?'
  const zone = '(Z|[+-]([01][0-9]|2[0-3]):?[0-5][0-9])'
  return `^([0-9]{1,15}|-[0-9]{1,9}[smhdw]|${date}(T${clock}${zone})?)$`
})()

/** What a time may look like, for messages. */
export const TIME_FORMS = 'a time as 2026-01-31T09:00:00Z, 2026-01-31, -24h or in ms since 1970'

/** Whether a text names a whole day. */
export const isDay = (text: string): boolean => /^\d{4}-\d\d-\d\d$/.test(text)
/** Whether a text says how long ago. */
export const isAgo = (text: string): boolean => AGO.test(text)

/** The instant in ms since 1970; undefined where the text is none. `now` is what `-24h` counts from. */
export function instantOf(text: string, now: number): number | undefined {
  const [, count, unit] = AGO.exec(text) ?? []
  if (count !== undefined && unit !== undefined) return Math.max(0, now - Number(count) * (UNITS.get(unit) ?? 0))
  const ms = /^\d{1,16}$/.test(text) ? Number(text) : ISO.test(text) ? Date.parse(text) : Number.NaN
  // The first day of 1970 begins before 1970 in zones ahead of UTC.
  return Number.isFinite(ms) && ms >= -DAY_MS && ms <= MS_MAX ? Math.max(0, ms) : undefined
}
