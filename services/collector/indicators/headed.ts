/**
 * A text that opens with the header of a letter: `From: Nora <nora@farm.example>`, `Subject: ladder`, then the content. The
 * header says who wrote the rest. It is only read at the beginning of the text: further down anybody can write one, with any
 * name.
 */
const HEADER = /^(\p{L}[\p{L} _-]{0,30}):[ \t]+(\S.*)$/u
const LETTER_KEY =
  /^(?:from|to|cc|bcc|subject|date|sent|received|reply-to|sender|author|von|an|betreff|datum|de|para|asunto|fecha|objet|à|oggetto|da|data|onderwerp|van|aan)$/i
const AUTHOR_KEY = /^(?:from|sender|author|von|de|da|van)$/i
const HEAD_LINES_MAX = 12
const TITLE_CHARS_MAX = 120

export interface Headed {
  readonly fields: readonly (readonly [string, string])[]
  readonly author: string
  /** The rest, the title and lines of other keys included. */
  readonly body: string
}

/** Splits a letter; undefined where the text does not open as one with an author. */
export function headed(text: string): Headed | undefined {
  if (!/^.{0,400}\n/s.test(text)) return undefined
  const lines = text.split('\n')
  const fields: [string, string][] = []
  const rest: string[] = []
  let author = ''
  let at = 0
  const opens = HEADER.test(lines[0] ?? '')
  if (!opens) {
    if ((lines[0] ?? '').length > TITLE_CHARS_MAX) return undefined
    rest.push(lines[at++] ?? '')
  }
  for (; at < lines.length && at < HEAD_LINES_MAX; at++) {
    const found = HEADER.exec(lines[at] as string)
    if (found === null) break
    const [line, key, value] = found as unknown as [string, string, string]
    if (LETTER_KEY.test(key)) fields.push([key, value])
    else rest.push(line)
    if (author === '' && AUTHOR_KEY.test(key)) author = value
  }
  const next = lines.slice(at).find((line) => line.trim() !== '')
  if (author === '' || next === undefined || /^[ \t-]/.test(next) || (lines[at] !== '' && HEADER.test(next)))
    return undefined
  return { fields, author, body: [...rest, ...lines.slice(at)].join('\n') }
}
