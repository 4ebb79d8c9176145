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
import { startWebhookReceiver, TEST_SECRET, type WebhookReceiver } from '../support/webhook-receiver.ts'
import { CLIENT, type IdentityProvider, startIdentityProvider } from '../support/identity-provider.ts'
import { planService, type RunningService, startService, TOKEN } from '../support/service.ts'

const reason = noBrowser()

// Without a browser there is no console to look at.
describe.skipIf(reason !== undefined)(`the console${reason === undefined ? '' : ` (${reason})`}`, () => {
  let directory: string
  let service: RunningService
  let browser: Browser
  let page: Page
  let complaints: string[]
  let siem: WebhookReceiver
  let provider: IdentityProvider

  const open = (path: string) => page.goto(`http://127.0.0.1:${service.plan.port}${path}`)
  const send = async (): Promise<void> => {
    for (const line of demoLoad(60).lines) expect((await service.post('/v1/logs', line)).status).toBe(200)
  }

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'moltwatch-console-'))
    const config = join(directory, 'moltwatch.yaml')
    siem = await startWebhookReceiver({ verify: false })
    const sink = { type: 'webhook', secret: TEST_SECRET, min_severity: 'critical', allow_private: true }
    const sinks = [{ ...sink, name: 'siem', url: siem.url }]
    const plan = await planService(join(directory, 'data'), config)
    const url = `http://127.0.0.1:${plan.port}`
    provider = await startIdentityProvider(url, { ada: { email: 'ada@acme.example', groups: ['soc'] } })
    const rules = [{ claim: 'groups', value: 'soc', role: 'responder' }]
    const client = { client_id: CLIENT.id, client_secret: CLIENT.secret }
    const oidc = { name: 'Acme login', issuer: provider.issuer, ...client, url, rules }
    await writeFile(config, JSON.stringify({ policy: { mode: 'propose' }, sinks, oidc }))
    service = await startService(plan)
    browser = await startBrowser()
    page = await browser.newPage({ viewport: { width: 1280, height: 900 } })
    page.setDefaultTimeout(PATIENCE_MS)
    complaints = complaintsOf(page)
  })

  afterAll(async () => {
    await browser?.close()
    await service?.stop()
    await siem?.close()
    await provider?.close()
    await rm(directory, { recursive: true, force: true })
  })

  it('asks for a token, and refuses a wrong one in words', async () => {
    await open('/')
    await page.getByLabel('Token').fill('not-a-token')
    await page.getByRole('button', { name: 'Open with the token' }).click()
    await page.getByRole('alert').waitFor()
    await page.getByLabel('Token').fill(TOKEN)
    await page.getByRole('button', { name: 'Open with the token' }).click()
    await page.getByRole('heading', { name: 'Now' }).waitFor()
    // The browser itself reports the refused request; everything after this must be clean.
    complaints.length = 0
  })

  it('leads to the provider and back to the page that was wanted, signed in, and signs out there, too', async () => {
    const context = await browser.newContext({ viewport: { width: 390, height: 800 } })
    const other = await context.newPage()
    other.setDefaultTimeout(PATIENCE_MS)
    const heard = complaintsOf(other)
    await other.goto(`http://127.0.0.1:${service.plan.port}/console/incidents?status=resolved`)
    await other.getByRole('link', { name: 'Sign in with Acme login' }).waitFor()
    expect(await axeFaults(other)).toEqual([])
    await other.getByRole('link', { name: 'Sign in with Acme login' }).click()
    await other.locator('input[name=login]').fill('ada')
    await other.locator('input[name=password]').fill('any')
    await other.locator('button[type=submit]').click()
    await other.getByRole('button', { name: 'Continue' }).click()
    await other.getByRole('heading', { name: 'Incidents' }).waitFor()
    expect(new URL(other.url()).search).toBe('?status=resolved')
    await other.getByText('ada@acme.example, responder').waitFor()
    // The pages of the provider are not ours to judge.
    heard.length = 0
    await other.reload()
    await other.getByRole('heading', { name: 'Incidents' }).waitFor()
    expect(heard).toEqual([])
    await other.getByRole('button', { name: 'Log out' }).click()
    await other.waitForURL(`${provider.issuer}/**`)
    await context.close()
  })

  it('says how to connect the first agent, and shows an incident that arrives', async () => {
    await page.getByRole('heading', { name: 'Connect an agent' }).waitFor()
    await send()
    await page.getByRole('table', { name: 'Incidents' }).getByRole('link').first().waitFor()
  })

  const act = async (button: string, reason: string): Promise<void> => {
    await page.getByRole('button', { name: button, exact: true }).first().click()
    const dialog = page.getByRole('dialog', { name: button })
    await dialog.getByLabel('Reason').fill(reason)
    await dialog.getByRole('button', { name: button }).click()
    await dialog.waitFor({ state: 'hidden' })
  }

  it('shows what comes without being asked again: one stream, and the page moves by itself', async () => {
    const asked: string[] = []
    page.on('request', (request) => asked.push(new URL(request.url()).pathname))
    await open('/console/')
    await page.getByRole('table', { name: 'Incidents' }).waitFor()
    await expect.poll(() => asked.includes('/v1/incidents/tail'), { timeout: PATIENCE_MS }).toBe(true)
    const { items } = (await service.get('/v1/incidents')) as { items: { id: string }[] }
    const body = JSON.stringify({ status: 'in_progress', reason: 'Looking at it.' })
    expect((await service.post(`/v1/incidents/${items[0]?.id}/triage`, body)).status).toBe(202)
    await page.getByText('in progress', { exact: true }).first().waitFor()
  })

  it('makes a token for the lines to paste, lists it, and ends it', async () => {
    await open('/console/settings')
    await page.getByRole('button', { name: 'Put a new token into the lines' }).click()
    await page.getByText(/Bearer mw_[\w-]{43}/).waitFor()
    const token = /Bearer (mw_[\w-]{43})/.exec(await page.getByLabel('OpenTelemetry SDK').innerText())?.[1] ?? ''
    const url = `http://127.0.0.1:${service.plan.port}/v1/events`
    const send = () =>
      fetch(url, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: '[]',
      })
    expect((await send()).status).toBe(200)
    await page.getByRole('table', { name: 'Tokens' }).getByRole('button', { name: 'Revoke' }).waitFor()
    await act('Revoke', 'It was a test.')
    await page.getByRole('table', { name: 'Tokens' }).getByText('revoked').waitFor()
    expect((await send()).status).toBe(401)
    await page.getByRole('table', { name: 'Audit log' }).getByText('revoke token').first().waitFor()
  })

  it('tests a sink, and says what came of it', async () => {
    await open('/console/settings')
    const test = page.getByRole('table', { name: 'Sinks' }).getByRole('button', { name: 'Test', exact: true })
    await test.click()
    await page.getByText('test taken: answered 200').waitFor()
    siem.answer = () => 503
    await test.click()
    await page.getByText('test failed: answered 503').waitFor()
    expect(siem.received.map(({ event }) => event.type)).toEqual(['sink.test', 'sink.test'])
  })

  it('says which agents are still being learned', async () => {
    const event = { id: 'first', time: new Date().toISOString(), identity: 'newcomer', action: 'look', target: 'here' }
    expect((await service.post('/v1/events', JSON.stringify([event]))).status).toBe(200)
    const known = async () => JSON.stringify(await service.get('/v1/coverage')).includes('newcomer')
    await expect.poll(known, { timeout: PATIENCE_MS }).toBe(true)
    await open('/console/agents')
    const row = page.getByRole('table', { name: 'Agents' }).getByRole('row').filter({ hasText: 'newcomer' })
    await row.getByText('learning', { exact: true }).waitFor()
  })

  const openIncident = async (agent: string): Promise<void> => {
    await open('/console/incidents')
    await page.getByRole('row').filter({ hasText: agent }).getByRole('link').first().click()
    await page.getByRole('heading', { name: 'What happened, in order' }).waitFor()
  }
  it('tells what happened, stops the agent and lets it go', async () => {
    await openIncident('research-scout')
    await page.getByText('contacted Moltbook').first().waitFor()
    await page.getByText('evidence', { exact: true }).first().waitFor()
    await page.getByRole('link', { name: 'What it read' }).first().click()
    await page.getByRole('link', { name: 'Open its incident' }).click()
    await page.getByRole('heading', { name: 'What happened, in order' }).waitFor()
    await act('Quarantine', 'It talks to strangers.')
    await page.getByText('by admin', { exact: false }).first().waitFor()
    await open('/console/')
    const row = page.getByRole('table', { name: 'Incidents' }).getByRole('row').filter({ hasText: 'research-scout' })
    await row.getByText('unconfirmed').or(row.getByText('yes')).first().waitFor()
    await openIncident('research-scout')
    await act('Release', 'It was a test.')
    await page.getByText('It was a test.').first().waitFor()
  })

  it('resolves many at once, with one verdict and one reason', async () => {
    await open('/console/incidents')
    const boxes = page.getByRole('checkbox')
    await boxes.first().waitFor()
    const count = await boxes.count()
    expect(count).toBeGreaterThan(1)
    for (let at = 0; at < count; at++) await boxes.nth(at).check()
    await act(`Resolve ${count} incidents`, 'The exercise is over.')
    await page
      .getByText('resolved', { exact: true })
      .nth(count - 1)
      .waitFor()
  })

  it('finds events by a query, narrows them by a facet, and points at a mistake', async () => {
    await open('/console/search')
    await page.getByLabel('Query').fill('peer:moltbook.com')
    await page.getByRole('button', { name: 'Search', exact: true }).click()
    await page.getByText('https://www.moltbook.com/skill.md').first().waitFor()
    // Every value of an event leads to a query that can be read.
    await page.getByRole('list').getByRole('button').first().click()
    const links = page.locator('dl.facts dd a')
    await links.first().waitFor()
    for (const link of await links.all()) {
      const query = new URL((await link.getAttribute('href')) ?? '', page.url()).searchParams.get('q') ?? ''
      await service.get(`/v1/events?q=${encodeURIComponent(query)}&limit=1`)
    }
    await page.getByTitle('Only identity: research-scout').click()
    await page.waitForURL(/research-scout/)
    const download = page.waitForEvent('download')
    await page.getByRole('link', { name: 'Export CSV' }).click()
    expect((await download).suggestedFilename()).toMatch(/\.csv$/)
    expect(complaints).toEqual([])
    await page.getByLabel('Query').fill('colour:red')
    await page.getByRole('button', { name: 'Search', exact: true }).click()
    await page.getByRole('alert').first().waitFor()
    // The browser reports the refused requests itself: the list, the facets and the histogram.
    await expect.poll(() => complaints.length, { timeout: PATIENCE_MS }).toBe(3)
    expect(await page.getByRole('alert').count()).toBe(1)
    complaints.length = 0
  })

  it.each([
    '/console/',
    '/console/incidents',
    '/console/search?q=kind:tool',
    '/console/response',
    '/console/agents',
    '/console/agents/research-scout',
    '/console/peers',
    '/console/peers/moltbook.com',
    '/console/detectors',
    '/console/settings',
  ])('%s: axe finds nothing, in light and dark, wide and narrow, and nothing complains', async (path) => {
    for (const [width, colorScheme] of [
      [1280, 'light'],
      [390, 'dark'],
    ] as const) {
      await page.setViewportSize({ width, height: 900 })
      await page.emulateMedia({ colorScheme })
      await open(path)
      await page.getByRole('heading', { level: 1 }).waitFor()
      // A live stream never ends, so the network is never idle.
      await expect.poll(() => page.getByText('Asking…').count(), { timeout: PATIENCE_MS }).toBe(0)
      expect(await axeFaults(page)).toEqual([])
    }
    expect(complaints).toEqual([])
  })
})
