/** How many of a kind an identity did in one hour, until it is reported: the newest hour that had any, and its number so far. */
import type { Counter } from './fields.ts'

/** In place of a number: reported in this hour. */
export const TOLD = 255

/** Counts one more in this hour, which has a number of its own; answers how many it has, or TOLD. `count` holds a byte. */
export function countInHour(hour: number, state: { readonly hour: Counter; readonly count: Counter }): number {
  if (hour !== state.hour.value) {
    state.hour.value = hour
    state.count.value = 0
  }
  if (state.count.value < TOLD - 1) state.count.value++
  return state.count.value
}
