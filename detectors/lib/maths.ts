/**
 * Tails of counts. A machine is often so steady that its standard deviation is 0, so a count is judged by the probability
 * of a count as large or larger under a Poisson or Gamma-Poisson (negative binomial) baseline, not by a z-score. All
 * tails are natural logarithms: a burst of hundreds against a habit of two has a probability that a double cannot hold.
 */

const LN10 = Math.LN10

/** Lanczos coefficients for g = 7, n = 9 (Godfrey 2001): 15 digits over the positive half-line. */
const LANCZOS = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
] as const

/** ln Gamma(x) for x > 0 (Lanczos 1964); below 0.5 by the reflection formula. */
export function logGamma(x: number): number {
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x)
  const z = x - 1
  let sum: number = LANCZOS[0]
  for (let i = 1; i < LANCZOS.length; i++) sum += (LANCZOS[i] as number) / (z + i)
  const t = z + 7.5
  return 0.5 * Math.log(2 * Math.PI) + (z + 0.5) * Math.log(t) - t + Math.log(sum)
}

/** ln(1 - e^x) for x <= 0, exact near both ends (Maechler 2012). */
const log1mExp = (x: number): number => (x > -Math.LN2 ? Math.log(-Math.expm1(x)) : Math.log1p(-Math.exp(x)))

/**
 * ln P(X >= k) for X ~ Poisson(mean). `k` is a whole number, `mean` at least 0.
 * Above the mean the terms are summed upward from k, below it downward from k - 1 and the complement is taken, so that no
 * digits are lost on either side.
 */
export function poissonLogTail(k: number, mean: number): number {
  if (k <= 0) return 0
  if (mean <= 0) return Number.NEGATIVE_INFINITY
  const logPmf = (i: number): number => i * Math.log(mean) - mean - logGamma(i + 1)
  let term = 1
  let sum = 1
  if (k > mean) {
    for (let i = k + 1; term > sum * 1e-17; i++) {
      term *= mean / i
      sum += term
    }
    return Math.min(0, logPmf(k) + Math.log(sum))
  }
  for (let i = k - 1; i > 0 && term > sum * 1e-17; i--) {
    term *= i / mean
    sum += term
  }
  return log1mExp(Math.min(0, logPmf(k - 1) + Math.log(sum)))
}

/**
 * ln P(X >= k) for a count whose Poisson rate is Gamma(shape, rate) distributed: the negative binomial with
 * q = 1 / (1 + rate), P(X >= k) = I_q(k, shape). Mean shape / rate, variance mean * (1 + 1 / rate).
 *
 * As a posterior predictive: with `n` events seen in exposure `t` and a prior Gamma(a, b), the count of the next unit of
 * exposure has shape a + n and rate b + t (Gelman et al., Bayesian Data Analysis, section 2.6).
 */
export function gammaPoissonLogTail(k: number, shape: number, rate: number): number {
  if (k <= 0) return 0
  if (shape <= 0) return Number.NEGATIVE_INFINITY
  if (rate <= 0) return 0
  return logIncompleteBeta(k, shape, -Math.log1p(rate), -Math.log1p(1 / rate))
}

/** ln I_x(a, b), given ln x and ln(1 - x); the continued fraction of Numerical Recipes 6.4 by Lentz's method. */
function logIncompleteBeta(a: number, b: number, logX: number, logY: number): number {
  const front = logGamma(a + b) - logGamma(a) - logGamma(b) + a * logX + b * logY
  const x = Math.exp(logX)
  if (x < (a + 1) / (a + b + 2)) return Math.min(0, front - Math.log(a) + Math.log(betaFraction(a, b, x)))
  const other = front - Math.log(b) + Math.log(betaFraction(b, a, Math.exp(logY)))
  return log1mExp(Math.min(0, other))
}

function betaFraction(a: number, b: number, x: number): number {
  const tiny = 1e-300
  const safe = (v: number): number => (Math.abs(v) < tiny ? tiny : v)
  let c = 1
  let d = 1 / safe(1 - ((a + b) * x) / (a + 1))
  let h = d
  for (let m = 1; m <= 10_000; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m))
    d = 1 / safe(1 + even * d)
    c = safe(1 + even / c)
    h *= d * c
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1))
    d = 1 / safe(1 + odd * d)
    c = safe(1 + odd / c)
    const step = d * c
    h *= step
    if (Math.abs(step - 1) < 1e-15) break
  }
  return h
}

/**
 * ln P(X >= k) for a count with this mean and variance: Gamma-Poisson by the method of moments. The variance is never
 * taken below mean + 0.05 * mean^2, because even a steady machine is not exactly Poisson.
 */
export function countLogTail(k: number, mean: number, variance: number): number {
  if (k <= 0) return 0
  if (mean <= 0) return Number.NEGATIVE_INFINITY
  const excess = Math.max(variance - mean, 0.05 * mean * mean)
  return gammaPoissonLogTail(k, (mean * mean) / excess, mean / excess)
}

/** How surprising: -log10 of a probability given as its natural logarithm, at most 300. */
export const surpriseOf = (logProbability: number): number => Math.min(300, Math.max(0, -logProbability / LN10))
