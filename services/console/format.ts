/**
 * How times, counts and texts are displayed. Times are in the reader's zone with UTC next to them, because two people on
 * one incident may be in two zones. Texts of a log are made visible: control and direction marks could disguise them.
 */

const two = (n: number): string => String(n).padStart(2, '0')

/** `14:03:22` in the reader's zone. */
export const clockOf = (date: Date): string =>
  `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`

/** `28 Nov` in the reader's zone; with the year if it is not the current one. */
export function dayOf(date: Date, now: Date = new Date()): string {
  const year = date.getFullYear() === now.getFullYear() ? {} : { year: 'numeric' as const }
  return date.toLocaleDateString('en-GB', { day: 'numeric', month: 'short', ...year })
}

/** Whether the reader's zone shows this moment as UTC does: then it is written once. */
export const isUtc = (date: Date): boolean => date.getTimezoneOffset() === 0

export const utcOf = (date: Date): string => `${date.toISOString().slice(0, 19).replace('T', ' ')} UTC`

const STEPS: readonly (readonly [number, string])[] = [
  [86_400, 'd'],
  [3_600, 'h'],
  [60, 'min'],
  [1, 's'],
]

/** `5 min`, `3 h`, `12 d`: a length of time in its largest unit. */
export function lengthOf(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000))
  const [size, unit] = STEPS.find(([step]) => seconds >= step) ?? [1, 's']
  return `${Math.floor(seconds / size)} ${unit}`
}

export const ago = (date: Date, now: number = Date.now()): string =>
  now - date.getTime() < 1_000 ? 'just now' : `${lengthOf(now - date.getTime())} ago`

export { countedInGroups as counted } from '../../schemas/counted.ts'

/** A number as a person writes it: at most four significant digits. */
export const numberOf = (value: number): string =>
  Math.abs(value) > 0 && (Math.abs(value) < 0.001 || Math.abs(value) >= 1e9)
    ? value.toExponential(1)
    : value.toLocaleString('en-GB', { maximumSignificantDigits: Math.abs(value) >= 1000 ? 12 : 4 })

// Controls, line separators, and marks that change the direction of text.
const HIDDEN = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu

/** The text with every character visible: U+202E is written as `<U+202E>`. */
export const visible = (text: string): string =>
  text.replace(HIDDEN, (mark) => `<U+${mark.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0')}>`)

/** `learned_since` to `Learned since`. */
export const labelOf = (name: string): string => {
  const words = name.replaceAll('_', ' ')
  return words.charAt(0).toUpperCase() + words.slice(1)
}
