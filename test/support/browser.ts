/**
 * A real browser for the tests of the console: Debian's Chromium, driven by playwright-core. Where there is none, the tests
 * that need it say so in one line and are left out, unless MOLTWATCH_REQUIRE_BROWSER=1 demands it: then they fail.
 */
import { existsSync } from 'node:fs'
import axe from 'axe-core'
import { type Browser, chromium, type Page } from 'playwright-core'

const CHROMIUM = process.env['MOLTWATCH_CHROMIUM'] ?? '/usr/bin/chromium'

/** Why there is no browser; undefined if there is one. */
export function noBrowser(): string | undefined {
  if (existsSync(CHROMIUM)) return undefined
  const reason = `${CHROMIUM} is missing: npm run install:test-tools installs it, MOLTWATCH_CHROMIUM names another`
  if (process.env['MOLTWATCH_REQUIRE_BROWSER'] === '1') throw new Error(reason)
  return reason
}

export const startBrowser = (): Promise<Browser> =>
  chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu'] })

/** What the page complained about: errors on its console, exceptions, answers that were no success. */
export function complaintsOf(page: Page): string[] {
  const complaints: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(error.message))
  return complaints
}

interface AxeResult {
  readonly violations: readonly {
    readonly id: string
    readonly help: string
    readonly nodes: readonly { readonly html: string }[]
  }[]
}

/** What axe finds on the page, one line a fault. */
export async function axeFaults(page: Page): Promise<string[]> {
  // Through the debugger: the policy of the page lets no script in.
  await page.evaluate(axe.source)
  const { violations } = await page.evaluate<AxeResult>('axe.run()')
  return violations.flatMap(({ id, help, nodes }) => nodes.map(({ html }) => `${id}: ${help}: ${html.slice(0, 200)}`))
}

/** What is wider than its room, so that part of it is out of sight: the page, its cards and their tables. The graph is meant to be moved sideways. */
export const overflowing = (page: Page): Promise<string[]> =>
  page.evaluate<string[]>(`[document.documentElement, ...document.querySelectorAll('.card, .card .table')]
    .filter((room) => room.scrollWidth > room.clientWidth && room.querySelector(':scope > .graph') === null)
    .map((room) => room.tagName + ' ' + room.scrollWidth + ' > ' + room.clientWidth + ': ' + (room.innerText ?? '').slice(0, 80))`)
