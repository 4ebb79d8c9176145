/** Every detector, one line each. The order is the order of evaluation and changes no result. */
import type { Detector } from './detector.ts'

export const DETECTORS: readonly Detector[] = []
