/** Made as `npm run calibrate -- --write` makes it, of one company (seed 3, 4,816 identity-days); see docs/calibration.md. Joint scores by how often clean life reaches them. */
import type { Curve } from './scored.ts'

/** What detectors without a joint score use of the budget: false occasions per 1,000 identity-days. */
export const UNSCORED = { medium: 1.038, high: 0 }

/** By detector: false occasions per 1,000 identity-days, and the score that so many reach. */
export const CURVES: ReadonlyMap<string, Curve> = new Map([
  [
    'identity/out-of-character',
    [
      [0.5, 12.645],
      [1, 11.848],
      [2, 9.427],
      [5, 7.3721],
      [10, 6.1756],
      [20, 5.1777],
      [40, 4.1058],
      [80, 3.4331],
      [160, 3],
    ],
  ],
])
