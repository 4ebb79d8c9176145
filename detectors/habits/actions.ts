/** What an identity does. */
import { hash32 } from '../../schemas/ids.ts'
import { seenHabit } from './seen.ts'

export const actions = seenHabit({
  id: 'actions',
  version: 2,
  bytes: 64,
  printOf: (event) => hash32(event.action) || 1,
})
