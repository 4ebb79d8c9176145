/** Made as `npm run calibrate -- --write` makes it, of four companies (seeds 1, 2, 4 and 6; 19,119 identity-days); see docs/calibration.md. Joint scores by how often clean life reaches them. */
import type { Curve } from './curve.ts'

/** What detectors without a joint score use of the budget: false occasions per 1,000 identity-days. */
export const UNSCORED = { medium: 3.557, high: 0.732 }

/** By detector: false occasions per 1,000 identity-days, and the score that so many reach. */
export const CURVES: ReadonlyMap<string, Curve> = new Map([
  [
    'identity/out-of-character',
    [
      [0.1, 19.935],
      [0.2, 18.254],
      [0.5, 14.298],
      [1, 12.464],
      [2, 10.223],
      [5, 7.3059],
      [10, 5.8577],
      [20, 4.8583],
      [40, 4.0916],
      [80, 3.4192],
      [160, 3.0004],
    ],
  ],
])
