/** How an act ended, in the words that producers use for it. */
import type { OUTCOMES } from '../../../../schemas/event.ts'
import { lookup } from '../../../../schemas/lookup.ts'

export type Outcome = (typeof OUTCOMES)[number]

const words = (outcome: Outcome, text: string): [string, Outcome][] => text.split(' ').map((word) => [word, outcome])

const OUTCOME_OF = lookup(
  Object.fromEntries([
    ...words(
      'success',
      'success successful succeeded ok okay pass passed allow allowed accept accepted approve approved',
    ),
    ...words('success', 'granted permit permitted complete completed done'),
    ...words('denied', 'deny denied reject rejected refuse refused block blocked forbidden unauthorized unauthorised'),
    ...words('denied', 'disallowed prohibited'),
    ...words('failure', 'fail failed failure error errored aborted timeout timed_out cancelled canceled exception'),
  ]),
)

/** The outcome that a word means, case-insensitive; `unknown` if it means none. */
export const outcomeOfWord = (text: string): Outcome =>
  OUTCOME_OF[
    text
      .trim()
      .toLowerCase()
      .replace(/[\s-]+/g, '_')
  ] ?? 'unknown'
