/** The data sets of the evaluation: where each is, and what its labels say. */
import type { FalsePer1000 } from '../../../schemas/configuration.ts'

export interface DataSet {
  readonly name: string
  readonly file: string
  readonly labels: string
  readonly format: 'events' | 'otlp' | 'cloudtrail'
  /** Incidents and look-alikes of a company, or labels of runs and events. */
  readonly kind: 'company' | 'labelled'
  /** The first days are learned from and not scored. */
  readonly learnDays: string
  /** Another false-alarm budget than the default. */
  readonly budget?: FalsePer1000
}

const company = (name: string): DataSet => ({
  name,
  file: `${name}.events.ndjson.gz`,
  labels: `${name}.labels.ndjson.gz`,
  format: 'events',
  kind: 'company',
  learnDays: '0',
})
const trail = (name: string): DataSet => ({
  name,
  file: `${name}.json.gz`,
  labels: `${name}.labels.ndjson.gz`,
  format: 'cloudtrail',
  kind: 'labelled',
  learnDays: '0',
})
/** Where life is denser than on most days: how much is caught by a budget that allows for it. */
const AT_40 = { medium: 40, high: 40 }

export const DATA_SETS: readonly DataSet[] = [
  company('company-calm'),
  company('company-dev'),
  {
    name: 'agentdyn-dev',
    file: 'agentdyn-dev.otlp.ndjson.gz',
    labels: 'agentdyn-dev.labels.ndjson.gz',
    format: 'otlp',
    kind: 'labelled',
    learnDays: '0',
  },
  ...['cloudtrail-hard-dev', 'cloudtrail-composite-dev', 'cloudtrail-invictus']
    .map(trail)
    .flatMap((set) => [set, { ...set, name: `${set.name}, budget 40`, budget: AT_40 }]),
]
