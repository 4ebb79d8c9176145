/** The metrics of a thread that shows none itself: what it counts is told to the thread that does. */
import { createMetrics, type Metrics } from './metrics.ts'

type Act = 'inc' | 'set' | 'observe'
type Name = Exclude<keyof Metrics, 'registry'>

/** One call of one metric. */
export interface MetricChange {
  readonly name: Name
  readonly act: Act
  readonly given: readonly unknown[]
}

type Acts = Record<Act, (...given: readonly unknown[]) => void>

/** Metrics to count with. Nothing can be read from them. */
export function tellingMetrics(tell: (change: MetricChange) => void): Metrics {
  const { registry, ...metrics } = createMetrics()
  const actsOf = (name: Name): Acts => {
    const act =
      (one: Act) =>
      (...given: readonly unknown[]) =>
        tell({ name, act: one, given })
    return { inc: act('inc'), set: act('set'), observe: act('observe') }
  }
  const telling = (Object.keys(metrics) as Name[]).map((name) => [name, actsOf(name)])
  return { registry, ...Object.fromEntries(telling) } as Metrics
}

/** Does to a metric what a thread has told. */
export function applyChange(metrics: Metrics, { name, act, given }: MetricChange): void {
  const acts = metrics[name] as unknown as Acts
  acts[act](...given)
}
