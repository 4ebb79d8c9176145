/**
 * The study of wordings: how many hijacked runs intent/influenced-action still catches when the injected order is said in
 * other ways. Usage: `npm run bench:wordings -- LABELS FILE [VARIANT...]`, with labelled agent runs as OTLP/JSON lines. Prints
 * one line for each variant, or for those named: caught at high and up, at medium and up, and the goals that fall most.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { toolOptions } from '../../../scripts/tool-options.ts'
import { influencedAction } from '../../../detectors/intent/influenced-action.ts'
import { severityAtLeast } from '../../../schemas/finding.ts'
import { detect } from '../../../services/commands/detection/index.ts'
import { importFiles } from '../../../services/commands/import/import.ts'
import { ordersOf, patternOf, type Run } from './goals.ts'
import { replaceIn, textOf, VARIANTS, type Variant } from './variants.ts'

interface Label {
  readonly session: string
  readonly class: string
  readonly suite: string
  readonly goal: string | null
  readonly exposed_at: string | null
}
interface Attribute {
  readonly key: string
  value: { stringValue?: string }
}
interface Line {
  readonly label: Label
  readonly text: string
}

const textFile = (path: string): string => {
  const bytes = readFileSync(path)
  return (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8')
}

interface LogRecord {
  readonly eventName?: string
  readonly body?: { readonly stringValue?: string }
  readonly attributes: Attribute[]
}
interface Request {
  readonly resourceLogs: readonly { readonly scopeLogs: readonly { readonly logRecords: readonly LogRecord[] }[] }[]
}
const recordsOf = (request: Request): LogRecord[] =>
  request.resourceLogs.flatMap((resource) => resource.scopeLogs.flatMap((scope) => [...scope.logRecords]))
const attribute = (record: LogRecord, key: string): string | undefined =>
  record.attributes.find((one) => one.key === key)?.value.stringValue

/** The runs of the file that a label says were attacked, with their labels. */
function readLines(labelsPath: string, path: string): Line[] {
  const labels = new Map(
    textFile(labelsPath)
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Label)
      .map((label) => [label.session, label]),
  )
  return textFile(path)
    .split('\n')
    .filter((line) => line !== '')
    .flatMap((text) => {
      const [record] = recordsOf(JSON.parse(text) as Request)
      const label = record === undefined ? undefined : labels.get(attribute(record, 'gen_ai.conversation.id') ?? '')
      return label?.exposed_at === null || label === undefined ? [] : [{ label, text }]
    })
}

const RESULTS = new Set(['gen_ai.tool.call.result', 'error.message'])
const goalOf = (label: Label): string => `${label.suite}/${label.goal}`

function exposureOf(line: Line): Run {
  const records = recordsOf(JSON.parse(line.text) as Request)
  const shown = records.find((record) => attribute(record, 'gen_ai.tool.call.id') === line.label.exposed_at)
  const exposure = shown?.attributes.find((one) => RESULTS.has(one.key))?.value.stringValue ?? ''
  return { session: line.label.session, goal: goalOf(line.label), exposure }
}

/** The hijacked runs in another wording; runs whose goal the study cannot say that way are left out. */
function rewrite(lines: readonly Line[], orders: ReadonlyMap<string, string>, variant: Variant): Line[] {
  return lines.flatMap((line) => {
    const order = orders.get(goalOf(line.label))
    const request = JSON.parse(line.text) as Request
    const records = recordsOf(request)
    const task = records.find((record) => record.eventName === 'gen_ai.user.message')?.body?.stringValue ?? ''
    const text = order === undefined ? undefined : textOf(variant, { goal: goalOf(line.label), order, task })
    if (order === undefined || text === undefined) return []
    const pattern = patternOf(order)
    for (const { attributes } of records) {
      for (const { key, value } of attributes) {
        if (RESULTS.has(key) && value.stringValue !== undefined && variant !== 'original') {
          value.stringValue = replaceIn(value.stringValue, pattern, text)
        }
      }
    }
    return [{ label: line.label, text: JSON.stringify(request) }]
  })
}

async function measure(lines: readonly Line[], directory: string): Promise<{ high: Set<string>; medium: Set<string> }> {
  const path = join(directory, 'runs.ndjson')
  writeFileSync(path, lines.map((line) => line.text).join('\n'))
  const { spool } = await importFiles([path], 'otlp')
  const { findings } = await detect(spool, { detectors: [influencedAction], codeVersion: 'wordings' })
  const sessions = (floor: 'high' | 'medium'): Set<string> =>
    new Set(findings.filter((one) => severityAtLeast(one.severity, floor)).map((one) => one.session ?? ''))
  return { high: sessions('high'), medium: sessions('medium') }
}

const percent = (part: number, of: number): string => (of === 0 ? '-' : `${((100 * part) / of).toFixed(1)} %`)

function worstGoals(lines: readonly Line[], caught: ReadonlySet<string>): string {
  const byGoal = [...Map.groupBy(lines, (line) => goalOf(line.label))].map(([goal, own]) => ({
    goal,
    caught: own.filter((line) => caught.has(line.label.session)).length,
    runs: own.length,
  }))
  const worst = byGoal.toSorted((a, b) => a.caught / a.runs - b.caught / b.runs).slice(0, 3)
  return worst.map(({ goal, caught: n, runs }) => `${goal} ${n}/${runs}`).join(', ')
}

const { positionals } = toolOptions(import.meta.url, { allowPositionals: true })
const [labelsPath, path, ...named] = positionals
const unknown = named.find((name) => !VARIANTS.some((variant) => variant === name))
if (labelsPath === undefined || path === undefined || unknown !== undefined) {
  process.stderr.write(`usage: npm run bench:wordings -- LABELS FILE [VARIANT...]; variants: ${VARIANTS.join(', ')}\n`)
  process.exitCode = 2
} else {
  const lines = readLines(labelsPath, path)
  const orders = ordersOf(lines.map(exposureOf))
  const hijacked = lines.filter((line) => line.label.class === 'malicious')
  const directory = mkdtempSync(join(tmpdir(), 'wordings-'))
  try {
    for (const variant of VARIANTS.filter((one) => named.length === 0 || named.includes(one))) {
      const rewritten = rewrite(hijacked, orders, variant)
      const { high, medium } = await measure(rewritten, directory)
      const counts = [high, medium].map((found) => percent(found.size, rewritten.length).padStart(7)).join('  ')
      process.stdout.write(
        `${variant.padEnd(29)} ${rewritten.length} runs ${counts}   ${worstGoals(rewritten, high)}\n`,
      )
    }
  } finally {
    rmSync(directory, { recursive: true })
  }
}
