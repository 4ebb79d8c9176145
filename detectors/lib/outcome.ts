/** What became of an act. */
import type { EventView } from '../../schemas/event.ts'

/** It did not happen: somebody denied it, or it failed. */
export const hasFailed = ({ outcome }: EventView): boolean => outcome === 'denied' || outcome === 'failure'
