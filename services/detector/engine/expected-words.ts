/**
 * The expected figures, in the words of a finding: a reader of the sentence alone, in a chat or a page, sees what is
 * usual without the table. Figures in the detector's own sentence are not repeated.
 */
import type { Measures } from '../../../schemas/finding.ts'

/** Whether larger or smaller than the figure is what surprises: the ends of names, and how people say them. */
const BOUNDS = [
  ['_max', 'at most '],
  ['_min', 'at least '],
  ['_below', 'below '],
] as const

const DIGITS = 3

/** A figure as a person writes it: three significant digits below a thousand, whole and with commas above. */
export function figureOf(value: number): string {
  if (Math.abs(value) < 1_000) return String(Number(value.toPrecision(DIGITS)))
  return String(Math.round(value)).replaceAll(/(?<=\d)(?=(?:\d{3})+$)/g, ',')
}

/** Whether the words hold the figure as a whole, not as a part of another one. */
export const holdsFigure = (words: string, figure: string): boolean =>
  words.split(/[^\d.,e+-]+/).some((token) => token.replace(/[.,-]+$/, '') === figure)

function phraseOf(name: string, figure: string): string {
  const [end = '', bound = ''] = BOUNDS.find(([suffix]) => name.endsWith(suffix)) ?? []
  return `${name.slice(0, name.length - end.length).replaceAll('_', ' ')} ${bound}${figure}`
}

/** The sentence, and behind it the figures of `expected` that it does not hold. */
export function withExpected(why: string, expected: Measures): string {
  const phrases = Object.entries(expected).flatMap(([name, value]) => {
    if (typeof value !== 'number') return []
    const figure = figureOf(value)
    return holdsFigure(why, figure) ? [] : [phraseOf(name, figure)]
  })
  return phrases.length === 0 ? why : `${why} Expected: ${phrases.join(', ')}.`
}
