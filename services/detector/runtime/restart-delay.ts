/** How long detection waits before it begins again. */
import { LIMITS } from '../../../schemas/limits.ts'

/** In ms: the first delay, doubled with each failure in a row before, up to the longest. */
export const restartDelayMs = (failuresBefore: number): number =>
  Math.min(LIMITS.detector_restart_ms_min * 2 ** failuresBefore, LIMITS.detector_restart_ms_max)
