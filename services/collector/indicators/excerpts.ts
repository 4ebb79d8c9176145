/**
 * The words of a text that an analyst is shown: sentences that read like orders, and the beginning of the user's task. Redacted
 * before they are cut, so that no half of a secret stays. Only where the tenant keeps excerpts is any of this done.
 */
import { LIMITS } from '../../../schemas/limits.ts'
import { parsedText } from '../formats/lib/json.ts'
import { redactText, redactValue } from '../redaction/redact.ts'
import { readSentence, STRENGTH } from './orders.ts'
import { leavesOf } from './shape.ts'
import { paragraphsOf, sentencesOf } from './text.ts'

/** Where a sentence ends in front of the next one, as people write it. */
const SENTENCE_END = /(?<=[.!?…]["'”’)]?)\s+(?=\S)|(?<=[。！？；])/u
const BLANKS = /\s+/g

/** A text as it is kept. */
export function excerptOf(text: string): string {
  // Text can be longer before redaction than what is kept, so four times as much is read.
  const near = text
    .slice(0, 4 * LIMITS.excerpt_chars_max)
    .replace(BLANKS, ' ')
    .trim()
  const clean = redactText(near).toWellFormed()
  const { excerpt_chars_max: max } = LIMITS
  return clean.length <= max ? clean : `${clean.slice(0, max - 1).toWellFormed()}…`
}

/** A whole message, arguments or a result as it is kept: redacted as a value, so that names of secrets count, then cut. */
export function bodyOf(given: unknown): string {
  if (given === undefined) return ''
  // A key may be anything that somebody wrote.
  const clean = redactValue(parsedText(given), 'text')
  const text = typeof clean === 'string' ? clean : JSON.stringify(clean)
  return text.slice(0, LIMITS.excerpt_body_chars_max).toWellFormed()
}

/** Whether a sentence asks, whatever it asks for. */
const asks = (sentence: string): boolean =>
  sentencesOf(sentence).some((one) => readSentence(one).strength >= STRENGTH.wish)

/** Sentences of an answer that read like orders, in their order, each once. `given`: text, or any JSON value. */
export function ordersIn(given: unknown): string[] {
  const found = new Set<string>()
  for (const { text, link } of leavesOf(given).leaves) {
    if (link) continue
    for (const paragraph of paragraphsOf(text.slice(0, LIMITS.excerpt_read_chars_max))) {
      for (const sentence of paragraph.split(SENTENCE_END)) {
        if (found.size >= LIMITS.excerpts_per_event_max) return [...found]
        if (asks(sentence)) found.add(excerptOf(sentence))
      }
    }
  }
  return [...found]
}
