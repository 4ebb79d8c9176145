/** The data on which everything is evaluated: what lies where, and what its labels say. */

export interface DataSet {
  readonly name: string
  readonly file: string
  readonly labels: string
  readonly format: 'events' | 'otlp' | 'cloudtrail'
  /** Incidents and look-alikes of a company, or labels of runs and events. */
  readonly kind: 'company' | 'labelled'
  /** The first days are learned from and not scored. */
  readonly learnDays: string
}

const company = (name: string): DataSet => ({
  name,
  file: `${name}.events.ndjson.gz`,
  labels: `${name}.labels.ndjson.gz`,
  format: 'events',
  kind: 'company',
  learnDays: '0',
})
const trail = (name: string, learnDays: string): DataSet => ({
  name,
  file: `${name}.json.gz`,
  labels: `${name}.labels.ndjson.gz`,
  format: 'cloudtrail',
  kind: 'labelled',
  learnDays,
})

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
  trail('cloudtrail-hard-dev', '0'),
  trail('cloudtrail-composite-dev', '0'),
  trail('cloudtrail-invictus', '0'),
]
