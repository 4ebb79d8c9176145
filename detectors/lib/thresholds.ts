/** Made by `npm run calibrate -- --write`; see docs/calibration.md. Thresholds of the joint scores, by detector. */
export const THRESHOLDS: ReadonlyMap<string, { readonly medium: number; readonly high: number }> = new Map([
  ['identity/out-of-character', { medium: 9.2, high: 13.3 }],
])
