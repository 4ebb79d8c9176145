/**
 * Prepares texts for forms in which some characters have a meaning. Everything in a log was written by somebody: line
 * ends would begin a record of the writer's own, and marks of writing direction would display a different text.
 */

/** Control characters, line and paragraph separators, marks of direction, and halves of characters. */
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]|\p{Surrogate}/gu

const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`

/** The text on one line, every character that could do something shown as \uXXXX, at most `max` characters long. */
export function oneLine(text: string, max: number): string {
  const safe = text.slice(0, max).replaceAll(UNSAFE, escaped)
  return safe.length <= max && text.length <= max ? safe : `${safe.slice(0, max - 1)}…`
}
