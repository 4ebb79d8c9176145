/**
 * How fast the console is in a real browser, over the real service with 10,000 findings: how long from opening the list of findings
 * until its rows are painted, and how far a row that somebody looks at moves while incidents arrive above it.
 *
 *   npm run -s bench:console -- [--rounds N] [--rows N] [--json]
 *
 * Each round opens the page anew, with the files of the console in the browser's cache as on every day but the first. Exits 1 where the median is over a
 * second, or a row has moved by more than a line.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { toolOptions } from '../../scripts/tool-options.ts'
import type { Page } from 'playwright-core'
import { contactsOf } from '../support/contacts.ts'
import { startBrowser } from '../support/browser.ts'
import { PATIENCE_MS } from '../support/patience.ts'
import { planService, type RunningService, startService, TOKEN, until } from '../support/service.ts'
import { describeMachine } from './lib/machine.ts'
import { type Quantiles, quantilesOf } from './processes/figures.ts'
import { fillMonth } from './questions/month.ts'

const PAINT_MS_MAX = 1_000
/** A line of a row. */
const MOVED_PX_MAX = 24
const INCIDENTS = 60
/** They come in above a row that somebody looks at. */
const ARRIVING = 10
/** The pages that show a list, and the first of its rows. */
const LISTS = [
  ['the newest of 10,000 findings', '/console/search?over=findings&q='],
  ['findings of high, 30 days', '/console/search?over=findings&q=severity%3Ahigh&since=-30d'],
  ['Now, open incidents', '/console/'],
] as const

const { values } = toolOptions(import.meta.url, {
  options: {
    rounds: { type: 'string', default: '15' },
    rows: { type: 'string', default: '200000' },
    json: { type: 'boolean', default: false },
  },
})
const say = (line: string): boolean => process.stderr.write(`${line}\n`)

/** Notes when the first row has been painted, in ms since the page was asked for. Runs in the page. */
const WATCH_ROWS = `
  new MutationObserver((_, observer) => {
    if (document.querySelector('[data-row]') === null) return
    observer.disconnect()
    requestAnimationFrame(() => setTimeout(() => { window.rowsPainted = performance.now() }))
  }).observe(document, { childList: true, subtree: true })`

async function rowsPainted(page: Page, url: string): Promise<number> {
  await page.goto(url)
  await page.locator('[data-row]').first().waitFor()
  return until(
    () => page.evaluate<number | undefined>('window.rowsPainted'),
    (painted) => painted !== undefined,
  ) as Promise<number>
}

/** Agents of a name contact a listed network: an incident each. */
async function incidents(service: RunningService, name: string, count: number): Promise<void> {
  const answer = await service.post('/v1/events', contactsOf(name, count))
  if (!answer.ok) throw new Error(`the events were refused: ${answer.status}`)
}

const openOnes = async (service: RunningService): Promise<number> =>
  ((await service.get('/v1/incidents/open?limit=1')) as { open: number }).open

/** How far a row in the window moves while incidents arrive above it, in pixels. */
async function movedBy(page: Page, service: RunningService, url: string): Promise<number> {
  await page.goto(url)
  await page.locator('[data-row]').nth(30).scrollIntoViewIfNeeded()
  const key = await page.locator('[data-row]').nth(30).getAttribute('data-row')
  const row = page.locator(`[data-row="${key}"]`)
  const before = (await row.boundingBox())?.y ?? 0
  await incidents(service, 'later', ARRIVING)
  for (let n = 0; n < ARRIVING; n++) await page.getByText(`later-${n}`, { exact: true }).waitFor({ state: 'attached' })
  return Math.abs(((await row.boundingBox())?.y ?? Number.NaN) - before)
}

interface Report {
  readonly machine: ReturnType<typeof describeMachine>
  readonly findings: number
  readonly painted_ms: Readonly<Record<string, Quantiles>>
  readonly moved_px: number
}

async function measure(service: RunningService, findings: number): Promise<Report> {
  const browser = await startBrowser()
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 } })
    page.setDefaultTimeout(PATIENCE_MS)
    const url = `http://127.0.0.1:${service.plan.port}`
    await page.goto(url)
    await page.getByLabel('Token').fill(TOKEN)
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Now' }).waitFor()
    await incidents(service, 'first', INCIDENTS)
    await until(
      () => openOnes(service),
      (open) => open >= INCIDENTS,
    )
    await page.addInitScript(WATCH_ROWS)
    const painted: Record<string, Quantiles> = {}
    for (const [name, path] of LISTS) {
      const times: number[] = []
      for (let round = 0; round < Number(values.rounds); round++) times.push(await rowsPainted(page, url + path))
      painted[name] = quantilesOf(times)
      say(`${name}: median ${painted[name]?.p50} ms, p99 ${painted[name]?.p99} ms`)
    }
    const moved = await movedBy(page, service, `${url}/console/incidents`)
    return { machine: describeMachine(), findings, painted_ms: painted, moved_px: Math.round(moved) }
  } finally {
    await browser.close()
  }
}

const home = await mkdtemp(join(tmpdir(), 'moltwatch-bench-console-'))
let running: RunningService | undefined
try {
  const plan = await planService(join(home, 'data'))
  await (await startService(plan)).stop()
  const { findings } = await fillMonth(join(plan.data, 'warehouse'), Number(values.rows), Date.now(), say)
  running = await startService(plan)
  const report = await measure(running, findings)
  if (values.json) console.log(JSON.stringify(report))
  else {
    console.log(JSON.stringify({ ...report.machine, findings: report.findings, moved_px: report.moved_px }))
    console.log('| page | rows painted, median | p99 |')
    console.log('|---|---|---|')
    for (const [name, { p50, p99 }] of Object.entries(report.painted_ms))
      console.log(`| ${name} | ${p50} ms | ${p99} ms |`)
  }
  const slow = Object.values(report.painted_ms).some(({ p50 }) => p50 > PAINT_MS_MAX)
  if (slow || report.moved_px > MOVED_PX_MAX) process.exitCode = 1
} finally {
  await running?.stop()
  await rm(home, { recursive: true, force: true })
}
