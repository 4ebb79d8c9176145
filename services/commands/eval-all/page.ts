/** The page docs/evaluation.md: every figure with the data that it was measured on, the commit and the day. */
import type { CompanyScore } from './company.ts'
import type { LabelledResult, Results } from './results.ts'

const cell = (value: number | string | null): string => (value === null ? '-' : String(value))
const row = (cells: readonly (number | string | null)[]): string => `| ${cells.map(cell).join(' | ')} |`
const table = (head: readonly string[], rows: readonly (readonly (number | string | null)[])[]): string =>
  [row(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(row)].join('\n')

const entries = (record: Readonly<Record<string, number>>, most: number): string =>
  Object.entries(record)
    .slice(0, most)
    .map(([name, rate]) => `${name} ${rate}`)
    .join(', ') || '-'

const line = (name: string, score: CompanyScore): readonly (number | string | null)[] => [
  name,
  `${score.caught} of ${score.of}`,
  score.by_chance,
  score.precision,
  score.false_per_1000,
  entries(score.lookalikes, 3),
]

const LINES = [
  'line',
  'caught',
  'strictly',
  'false findings per 1,000 identity-days',
  'strictly false',
  'false occasions per 1,000 identity-days',
  'hours of a day with something false, of all identities',
]
const summary = (name: string, score: CompanyScore): readonly (number | string)[] => [
  name,
  `${score.caught} of ${score.of}`,
  score.strict.caught,
  score.false_per_1000,
  score.strict.false_per_1000,
  score.false_occasions_per_1000,
  score.false_hours_per_day,
]

function company({ name, medium, high, detectors, trivial, chart }: Results['companies'][number]): string {
  const head = ['detector', 'caught', 'by chance', 'precision', 'false per 1,000 identity-days', 'misled by']
  const atHigh = new Map(Object.entries(high.kinds))
  const kinds = Object.entries(medium.kinds).map(([kind, [caught, of]]) => [
    kind,
    `${caught} of ${of}`,
    `${atHigh.get(kind)?.[0] ?? 0} of ${of}`,
  ])
  const difficulties = Object.entries(medium.difficulties).map(([level, [caught, of]]) => `${level} ${caught} of ${of}`)
  return `## ${name}

A simulated company. *Strictly* an incident is caught by a finding with one of its own events as evidence, and a finding that only comes at its time is false.

${table(LINES, [summary('medium and up', medium), summary('high', high)])}
${difficulties.length === 0 ? '' : `\nMedium and up by difficulty: ${difficulties.join(', ')}.\n`}${chart === undefined ? '' : `\n![caught against false](${chart})\n`}
### By detector, medium and up

${table(head, [...detectors.map(({ detector, medium: score }) => line(detector, score)), line('**all live**', medium), ...trivial.map(({ detector, medium: score }) => line(`trivial: ${detector}`, score))])}

### By detector, high

${table(head, [...detectors.filter(({ high: score }) => score.findings > 0).map(({ detector, high: score }) => line(detector, score)), line('**all live**', high)])}
${kinds.length === 0 ? '' : `\n### By kind of incident\n\n${table(['kind', 'medium and up', 'high'], kinds)}\n`}`
}

const labelled = ({ name, rows }: LabelledResult): string => `## ${name}

${table(['detector', 'severity', 'caught', 'precision', 'false findings', 'false per identity-day'], rows)}
`

/** The whole page. */
export const evaluationPage = (results: Results): string => `# Evaluation

Made by \`npm run eval:all -- --write\` at commit \`${results.commit}\`, ${results.date}. Do not edit it by hand.

Companies are simulated: no real log of agents with addresses, keys and weeks of identities is public. Figures on them say how
detectors compare, and are no promise for a real company. *By chance* is what as many findings at random events would catch.
A finding is false where it names no incident. *Budget 40* allows 40 false findings per 1,000 identity-days, at high too. How thresholds come about: [calibration](calibration.md).

${results.companies.map(company).join('\n')}
${results.labelled.map(labelled).join('\n')}`
