/** Made by `npm run calibrate -- --write`; see docs/calibration.md. Joint scores by how often clean life reaches them. */
import type { Curve } from './curve.ts'

/** What detectors without a joint score use of the budget: false occasions per 1,000 identity-days. */
export const UNSCORED = { medium: 3.865, high: 0.573 }

/** By detector: false occasions per 1,000 identity-days, and the score that so many reach. */
export const CURVES: ReadonlyMap<string, Curve> = new Map([
  [
    'identity/out-of-character',
    [
      [0.05, 18.87],
      [0.1, 18.118],
      [0.2, 16.132],
      [0.5, 14.155],
      [1, 13.02],
      [2, 10.619],
      [5, 7.2182],
      [10, 5.8399],
      [20, 4.8402],
      [40, 4.057],
      [80, 3.3807],
      [160, 3],
    ],
  ],
])
