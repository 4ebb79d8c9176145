/** Which kinds of consequence what an identity does has ever had: one bit for each. */
import { CONSEQUENCES, consequenceOf } from '../lib/consequence.ts'
import { seenHabit } from './seen.ts'

/** Above 0, which says nothing; the set has 16 bits, more than there are kinds. */
export const consequences = seenHabit({
  id: 'consequences',
  version: 1,
  bytes: 2,
  printOf: (event) => 16 + CONSEQUENCES.indexOf(consequenceOf(event)),
})
