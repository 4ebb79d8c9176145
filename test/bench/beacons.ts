/**
 * `npm run bench:beacons -- EVENTS LABELS`: peer/beacon beside RITA's formulas on a labelled company. RITA v5 judges each day and
 * each pair of a caller and a host by four scores, a quarter each (github.com/activecm/rita, analysis/beacon): the evenness of
 * the gaps, the evenness of the sizes, how much of the day it covers, and the shape of its hours. It tells a beacon from 0.9 on if
 * at most 2 % of the callers know the host. Here a caller is an identity, and a size what the event says was sent.
 *
 * Counted are pairs, once each: those whose caller is in an incident of the kind `beacon` and calls a host that nobody else
 * calls, and the others.
 */
import { toolOptions } from '../../scripts/tool-options.ts'
import { beatOf } from '../../detectors/lib/beat.ts'
import { beacon } from '../../detectors/peer/beacon.ts'
import { EventView } from '../../schemas/event.ts'
import { readCompanyLabels } from '../../services/commands/eval-all/company.ts'
import { importFiles } from '../../services/commands/import/import.ts'
import { detect } from '../../services/commands/detection/index.ts'

const SECOND_MS = 1_000
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const HOURS = 24

/** RITA's own numbers. */
const SCORE_MIN = 0.9
const PREVALENCE_MAX = 0.02
const GAPS_MIN = 4
const HOURS_MIN = 6
const RUN_IDEAL = 12
const BIMODAL_HOURS = 11
const BIMODAL_WIDTH = 0.05

interface Series {
  readonly identity: string
  readonly host: string
  readonly times: number[]
  readonly sizes: number[]
}

const sum = (values: readonly number[]): number => values.reduce((all, one) => all + one, 0)

/** How many hours in a row saw a call, around midnight, too. */
function longestRun(hours: readonly number[]): number {
  let [run, longest] = [0, 0]
  for (const count of [...hours, ...hours]) {
    run = count > 0 ? run + 1 : 0
    longest = Math.max(longest, run)
  }
  return Math.min(HOURS, longest)
}

/** Flat hours, or hours that are of two heights. */
function shapeOf(hours: readonly number[]): number {
  const mean = sum(hours) / HOURS
  const deviation = Math.sqrt(sum(hours.map((count) => (count - mean) ** 2)) / HOURS)
  const flat = Math.max(0, 1 - deviation / mean)
  const active = hours.filter((count) => count > 0)
  if (active.length < BIMODAL_HOURS) return flat
  const width = Math.max(1, Math.ceil(BIMODAL_WIDTH * Math.max(...active)))
  const heights = [...Map.groupBy(active, (count) => Math.floor(count / width)).values()].map((all) => all.length)
  const [first = 0, second = 0] = heights.toSorted((a, b) => b - a)
  // One hour may be anything.
  return Math.max(flat, Math.min(1, (first + second) / Math.max(1, active.length - 1)))
}

/** RITA v5's score of one day. */
function ritaOf({ times, sizes }: Series, dayStart: number): number {
  const inOrder = times.toSorted((a, b) => a - b)
  const gaps = inOrder.slice(1).map((time, n) => (time - (inOrder[n] as number)) / SECOND_MS)
  if (new Set(gaps.filter((gap) => gap > 0)).size === 0 || gaps.filter((gap) => gap > 0).length < GAPS_MIN) return 0
  const hours = Array.from({ length: HOURS }, () => 0)
  for (const time of times) {
    const hour = Math.floor((time - dayStart) / HOUR_MS)
    hours[hour] = (hours[hour] ?? 0) + 1
  }
  const covers = ((inOrder.at(-1) as number) - (inOrder[0] as number)) / DAY_MS
  const active = hours.filter((count) => count > 0).length
  const duration = active > HOURS_MIN ? Math.max(Math.min(1, covers), Math.min(1, longestRun(hours) / RUN_IDEAL)) : 0
  return (beatOf(gaps).score + beatOf(sizes).score + duration + shapeOf(hours)) / 4
}

const hostOf = (event: EventView): string =>
  [...event.peer_domains, event.peer].find((one) => one.includes('.') || one.includes(':'))?.toLowerCase() ?? ''

const { positionals } = toolOptions(import.meta.url, { allowPositionals: true })
const [eventsPath, labelsPath] = positionals
if (eventsPath === undefined || labelsPath === undefined) {
  process.stderr.write('usage: npm run bench:beacons -- EVENTS LABELS\n')
  process.exit(2)
}
const labels = await readCompanyLabels(labelsPath)
const { spool } = await importFiles([eventsPath], 'events')
const identities = new Set<string>()
const callersOf = new Map<string, Set<string>>()
const series = new Map<string, Series>()
const view = new EventView()
for (const rows of spool.rows())
  for (const row of rows) {
    view.row = row
    const { identity, time } = view
    identities.add(identity)
    const host = hostOf(view)
    if (host === '' || view.principal_kind === 'person') continue
    const callers = callersOf.get(host) ?? new Set()
    callersOf.set(host, callers.add(identity))
    const key = `${Math.floor(time / DAY_MS)}\n${identity}\n${host}`
    const one = series.get(key) ?? { identity, host, times: [], sizes: [] }
    series.set(key, one)
    one.times.push(time)
    one.sizes.push(view.bytes_out)
  }

const wanted = labels.incidents.filter(({ kind }) => kind === 'beacon')
/** Pairs that were told, split into incidents caught and other pairs. */
function tell(name: string, pairs: ReadonlySet<string>): void {
  const isOf = (pair: string): boolean =>
    wanted.some(
      ({ identities: of }) => of.has(pair.split('\n')[0] ?? '') && callersOf.get(pair.split('\n')[1] ?? '')?.size === 1,
    )
  const caught = wanted.filter(({ identities: of }) =>
    [...pairs].some((pair) => isOf(pair) && of.has(pair.split('\n')[0] ?? '')),
  )
  const wrong = [...pairs].filter((pair) => !isOf(pair)).length
  const rate = ((1_000 * wrong) / labels.identityDays).toFixed(2)
  process.stdout.write(
    `${name.padEnd(36)} ${caught.length} of ${wanted.length} beacons, ${wrong} other pairs (${rate} per 1,000 identity-days)\n`,
  )
}

const rita = (isRare: boolean): Set<string> =>
  new Set(
    [...series].flatMap(([key, one]) => {
      const share = (callersOf.get(one.host)?.size ?? 0) / identities.size
      const start = Number(key.split('\n')[0]) * DAY_MS
      return (!isRare || share <= PREVALENCE_MAX) && ritaOf(one, start) >= SCORE_MIN
        ? [`${one.identity}\n${one.host}`]
        : []
    }),
  )
tell("RITA's score", rita(false))
tell("RITA's score, at most 2 % of callers", rita(true))
const { findings } = await detect(spool, { detectors: [beacon], codeVersion: 'beacons' })
tell('peer/beacon', new Set(findings.map(({ agent, observed }) => `${agent}\n${String(observed['host'])}`)))
