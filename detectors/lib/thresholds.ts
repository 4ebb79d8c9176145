/** Made by `npm run calibrate -- --write`; see docs/calibration.md. Joint scores by how often clean life reaches them. */
import type { Curve } from './curve.ts'

/** What detectors without a joint score use of the budget: false occasions per 1,000 identity-days. */
export const UNSCORED = { medium: 4.075, high: 0.62 }

/** By detector: false occasions per 1,000 identity-days, and the score that so many reach. */
export const CURVES: ReadonlyMap<string, Curve> = new Map([
  [
    'identity/out-of-character',
    [
      [0.05, 18.87],
      [0.1, 18.118],
      [0.2, 16.132],
      [0.5, 14.155],
      [1, 13.025],
      [2, 10.612],
      [5, 7.2262],
      [10, 5.8311],
      [20, 4.8372],
      [40, 4.0502],
      [80, 3.3822],
      [160, 3],
    ],
  ],
])
