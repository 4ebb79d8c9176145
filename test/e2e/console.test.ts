/**
 * The console in a real browser, over the whole service with real data: a person logs in, sees an incident arrive, reads
 * it, stops the agent, lets it go, triages, searches and exports. No page may complain, and axe finds nothing.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { axeFaults, complaintsOf, noBrowser, overflowing, startBrowser } from '../support/browser.ts'
import { demoLoad } from '../support/demo-load.ts'
import { PATIENCE_MS } from '../support/patience.ts'
import { startWebhookReceiver, TEST_SECRET, type WebhookReceiver } from '../support/webhook-receiver.ts'
import { CLIENT, type IdentityProvider, startIdentityProvider } from '../support/identity-provider.ts'
import { planService, type RunningService, startService, TOKEN } from '../support/service.ts'

const reason = noBrowser()

/** What waits for a person: whoever did what the registry forbids. */
const CONTAIN = { detector: 'bounds/never', min_severity: 'high', actions: ['quarantine'] }
const AGENTS = [
  { agent: 'wiper-*', never: { actions: ['wipe_disk'] } },
  { agent: 'invoice-bot', owner: 'finance', allowed: { actions: ['read_*', 'pay_invoice'], peers: ['bank.example'] } },
]

/** An act of an agent, as its producer tells it now. */
const did = (identity: string, more: object) => ({
  id: `${identity} ${JSON.stringify(more)}`,
  time: new Date().toISOString(),
  identity,
  kind: 'tool',
  outcome: 'success',
  ...more,
})

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
    await writeFile(config, JSON.stringify({ policy: { mode: 'propose', rules: [CONTAIN] }, sinks, oidc }))
    await writeFile(join(directory, 'agents.yaml'), JSON.stringify({ agents: AGENTS }))
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

  it('suppresses with a scope and an end, and every finding only for an admin', async () => {
    const made = await service.post('/v1/tokens', JSON.stringify({ name: 'ann', role: 'analyst' }))
    const { token } = (await made.json()) as { token: string }
    const other = await (await browser.newContext()).newPage()
    other.setDefaultTimeout(PATIENCE_MS)
    await other.goto(`http://127.0.0.1:${service.plan.port}/console/settings`)
    await other.getByLabel('Token').fill(token)
    await other.getByRole('button', { name: 'Open with the token' }).click()
    const fill = async (on: Page, detector: string, agent: string): Promise<Locator> => {
      await on.getByRole('button', { name: 'New suppression' }).click()
      const dialog = on.getByRole('dialog', { name: 'New suppression' })
      await dialog.locator('select[name=detector]').selectOption(detector === 'every detector' ? '*' : detector)
      await dialog.locator('input[name=agent]').fill(agent)
      await dialog.locator('select[name=hours]').selectOption('24')
      await dialog.getByLabel('Reason').fill('A scan.')
      await dialog.getByRole('button', { name: 'New suppression' }).click()
      return dialog
    }
    const refused = await fill(other, 'every detector', '')
    await refused.getByText('only an admin may suppress every finding').waitFor()
    await other.context().close()
    await open('/console/settings')
    const table = page.getByRole('table', { name: 'Suppressions' })
    await (await fill(page, 'every detector', '')).waitFor({ state: 'hidden' })
    await table.getByRole('row').filter({ hasText: '*' }).getByText('admin: A scan.').waitFor()
    await act('End', 'It was a test.')
    await table.waitFor({ state: 'hidden' })
    await (await fill(page, 'lateral/recon-burst', 'scanner')).waitFor({ state: 'hidden' })
    await table.getByRole('row').filter({ hasText: 'agent scanner' }).getByText('lateral/recon-burst').waitFor()
  })

  it('says which agents are still being learned', async () => {
    const event = { id: 'first', time: new Date().toISOString(), identity: 'newcomer', action: 'look', target: 'here' }
    expect((await service.post('/v1/events', JSON.stringify([event]))).status).toBe(200)
    const known = async () => JSON.stringify(await service.get('/v1/coverage')).includes('newcomer')
    await expect.poll(known, { timeout: PATIENCE_MS }).toBe(true)
    await open('/console/agents')
    const row = page.getByRole('table', { name: 'Agents' }).getByRole('row').filter({ hasText: 'newcomer' })
    await row.getByText('learning', { exact: true }).waitFor()
    await row.getByRole('link', { name: 'blind' }).click()
    await page.getByRole('heading', { name: 'What is watched' }).waitFor()
    // Open, because the link asked for it.
    await page.getByText('credential/leaked-credential, ').waitFor()
    await page.getByText('an id of the credential that was used (credential.id)').waitFor()
  })

  it('counts the open incidents of an agent, and leads to them', async () => {
    await open('/console/agents')
    const row = page.getByRole('table', { name: 'Agents' }).getByRole('row').filter({ hasText: 'research-scout' })
    await row.getByRole('link', { name: '1 open, the worst high' }).click()
    const incidents = page.getByRole('table', { name: 'Incidents' }).getByRole('row')
    await expect.poll(() => incidents.count(), { timeout: PATIENCE_MS }).toBe(2)
    await incidents.filter({ hasText: 'research-scout' }).waitFor()
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

  it('keeps notes for the next shift and hands an incident over', async () => {
    await openIncident('research-scout')
    await page.getByRole('button', { name: 'Comment', exact: true }).click()
    const note = page.getByRole('dialog', { name: 'Comment' })
    await note.getByLabel('Comment').fill('Asked the owner: no answer yet. <b>Bold?</b>')
    await note.getByRole('button', { name: 'Comment' }).click()
    await page.getByText('<b>Bold?</b>').first().waitFor()
    await page.getByRole('button', { name: 'Assign', exact: true }).click()
    const dialog = page.getByRole('dialog', { name: 'Assign' })
    await dialog.getByLabel('To').fill('bob')
    await dialog.getByLabel('Reason').fill('My shift ends.')
    await dialog.getByRole('button', { name: 'Assign' }).click()
    await page.getByText('in progress: bob').waitFor()
  })

  it('narrows what it lists while somebody types, keeps it in the address, and finds what an id names', async () => {
    await open('/console/incidents')
    const incidents = page.getByRole('table', { name: 'Incidents' })
    await page.getByRole('searchbox', { name: 'Search incidents' }).fill('assignee:bob')
    await expect.poll(() => incidents.getByRole('row').count(), { timeout: PATIENCE_MS }).toBe(2)
    await page.reload()
    await expect.poll(() => incidents.getByRole('row').count(), { timeout: PATIENCE_MS }).toBe(2)
    await page.getByRole('combobox', { name: 'Severity' }).selectOption('Critical')
    await page.getByText('None fits.').waitFor()

    await open('/console/agents')
    const agents = page.getByRole('table', { name: 'Agents' })
    await page.getByRole('searchbox', { name: 'Filter by name' }).fill('SCOUT')
    await expect.poll(() => agents.getByRole('row').count(), { timeout: PATIENCE_MS }).toBe(2)
    await agents.getByRole('link', { name: 'research-scout' }).waitFor()
    await open('/console/peers?name=no-such-peer')
    await page.getByText('None has a name like that.').waitFor()
    await page.getByRole('combobox', { name: 'What agents have in common' }).selectOption('Credentials')
    await expect.poll(() => new URL(page.url()).searchParams.get('list'), { timeout: PATIENCE_MS }).toBe('credentials')

    const { items } = (await service.get('/v1/findings?limit=1')) as { items: { id: string; title: string }[] }
    await open(`/console/search?q=${items[0]?.id}`)
    await page.getByRole('link', { name: items[0]?.title ?? '' }).click()
    await page.getByRole('heading', { name: items[0]?.title ?? '', level: 1 }).waitFor()
    await open(`/console/search?q=${'0'.repeat(32)}`)
    await page.getByText('Nothing that is kept here.').waitFor()
    await open('/console/settings')
    await page.getByRole('button', { name: 'Show who sends what' }).click()
    await page.getByRole('table', { name: 'Senders' }).waitFor()
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

  it('merges what belongs together, prints it, and splits it again', async () => {
    const contact = (identity: string) => ({
      id: `of-${identity}`,
      time: new Date().toISOString(),
      identity,
      kind: 'tool',
      action: 'web_fetch',
      target: 'https://www.moltbook.com/skill.md',
      outcome: 'success',
    })
    const events = JSON.stringify([contact('twin-one'), contact('twin-two')])
    expect((await service.post('/v1/events', events)).status).toBe(200)
    await open('/console/incidents?q=agent:twin-*')
    const boxes = page.getByRole('checkbox')
    await expect.poll(() => boxes.count(), { timeout: PATIENCE_MS }).toBe(2)
    for (const box of await boxes.all()) await box.check()
    await act('Merge', 'One owner.')
    await page.getByText('archived', { exact: true }).waitFor()
    await page.getByRole('row').filter({ hasText: 'new' }).getByRole('link').first().click()
    await page.getByText('2 findings', { exact: true }).waitFor()

    // The incident knows of both before the warehouse has stored them in full; the page asks again until it shows the second.
    await page.locator('details').first().waitFor()
    await expect.poll(() => page.getByText('Asking…').count(), { timeout: PATIENCE_MS }).toBe(0)
    await page.emulateMedia({ media: 'print' })
    await page.evaluate('dispatchEvent(new Event("beforeprint"))')
    expect(await page.locator('details:not([open])').count()).toBe(0)
    expect(await page.getByRole('button', { name: 'Verdict' }).isVisible()).toBe(false)
    await page.emulateMedia({ media: null })

    await page.getByRole('button', { name: 'Split', exact: true }).click()
    const dialog = page.getByRole('dialog', { name: 'Split' })
    await dialog.getByRole('checkbox').first().check()
    await dialog.getByLabel('Reason').fill('Two owners.')
    await dialog.getByRole('button', { name: 'Split' }).click()
    await page.getByText('1 finding', { exact: true }).waitFor()
  })

  const tell = async (events: readonly object[]): Promise<void> =>
    expect((await service.post('/v1/events', JSON.stringify(events))).status).toBe(200)

  it('approves some of what waits for a person at once, and refuses the rest', async () => {
    await tell(['wiper-1', 'wiper-2', 'wiper-3'].map((identity) => did(identity, { action: 'wipe_disk' })))
    await open('/console/response')
    const tableOf = (title: string) => page.getByRole('table', { name: title, exact: true })
    const waiting = tableOf('Waits for a person')
    const rowOf = (table: Locator, identity: string) => table.getByRole('row').filter({ hasText: identity })
    for (const identity of ['wiper-1', 'wiper-2', 'wiper-3']) await rowOf(waiting, identity).waitFor()
    expect(await page.getByRole('button', { name: 'Approve 0' }).isDisabled()).toBe(true)
    await rowOf(waiting, 'wiper-1').getByRole('checkbox').check()
    await rowOf(waiting, 'wiper-3').getByRole('checkbox').check()
    await act('Approve 2', 'Both wiped what nobody asked them to.')
    const held = tableOf('Held back')
    for (const identity of ['wiper-1', 'wiper-3']) await rowOf(held, identity).waitFor()
    await rowOf(waiting, 'wiper-1').waitFor({ state: 'hidden' })
    await rowOf(waiting, 'wiper-2').waitFor()
    expect(await rowOf(held, 'wiper-2').count()).toBe(0)
    const { items } = (await service.get('/v1/quarantines?q=identity:wiper-*')) as {
      items: { identity: string; approved_by: string | null }[]
    }
    expect(Object.fromEntries(items.map(({ identity, approved_by: by }) => [identity, by]))).toEqual({
      'wiper-1': 'admin',
      'wiper-2': null,
      'wiper-3': 'admin',
    })

    await tell([did('wiper-4', { action: 'wipe_disk' })])
    await rowOf(waiting, 'wiper-4').waitFor()
    await page.getByRole('button', { name: 'Select all 2' }).click()
    await act('Refuse 2', 'A drill.')
    for (const identity of ['wiper-2', 'wiper-4']) await rowOf(tableOf('Ended or not carried out'), identity).waitFor()
    await page.getByText('Nothing waits.').waitFor()
  })

  it('sets what an agent may do beside what it did, and says how to declare it', async () => {
    await tell([
      did('invoice-bot', { action: 'read_ledger', peer: 'api.bank.example' }),
      did('invoice-bot', { action: 'send_mail', user_agent: `Boto3/1.40.2 ${'md/Botocore#1.40.2 '.repeat(5)}` }),
      did('undeclared-bot', { action: 'steal' }),
    ])
    const earlier = did('undeclared-bot', { action: 'look', time: new Date(Date.now() - 3 * 86_400_000).toISOString() })
    expect((await service.post('/v1/events?history=1', JSON.stringify([earlier]))).status).toBe(200)
    const known = async () =>
      ((await service.get('/v1/events/count?q=identity:undeclared-bot')) as { count: number }).count
    await expect.poll(known, { timeout: PATIENCE_MS }).toBe(2)
    await open('/console/agents/invoice-bot')
    const inColumn = (column: string, text: string) =>
      page.getByRole('table', { name: column, exact: true }).getByRole('row').filter({ hasText: text })
    await inColumn('Declared and used: actions', 'read_*').waitFor()
    await inColumn('Declared and used: peers', 'bank.example').waitFor()
    await inColumn('Declared, never used: actions', 'pay_invoice').getByText('never').waitFor()
    await page.getByText('Ask finance', { exact: true }).waitFor()
    const undeclared = inColumn('Used, not declared: actions', 'send_mail').getByRole('link')
    expect(await undeclared.getAttribute('href')).toContain('action%3Asend_mail')
    await open('/console/agents/undeclared-bot')
    await page.getByText('no entry of the trust registry fits it').waitFor()
    const lines = await page.getByLabel('agents.yaml').innerText()
    expect(lines).toBe('agents:\n  - agent: "undeclared-bot"\n    allowed:\n      actions: ["look"]')
    await page.getByText('1 value left out: 1 first used within the last day.').waitFor()
    // What it used stands further down, once.
    expect(await page.getByText('Used, not declared').count()).toBe(0)
  })

  it('tells whom agents contacted, also where only the target says so', async () => {
    await tell([did('visitor', { action: 'web_fetch', target: 'https://forum.visited.example/skill.md' })])
    const known = async () => JSON.stringify(await service.get('/v1/peers?name=visited')).includes('visited.example')
    await expect.poll(known, { timeout: PATIENCE_MS }).toBe(true)
    await open('/console/peers?name=visited')
    await page.getByRole('table', { name: 'Peers' }).getByRole('link', { name: 'visited.example' }).click()
    await page.getByRole('link', { name: 'visitor' }).waitFor()
    await open('/console/search?q=peer:forum.visited.example')
    await page.getByText('https://forum.visited.example/skill.md').first().waitFor()
  })

  it('keeps a search for the next time', async () => {
    await open('/console/search?over=events&q=outcome:denied')
    await page.getByRole('button', { name: 'Keep this search' }).click()
    await open('/console/search')
    await page.getByRole('link', { name: 'outcome:denied' }).click()
    await page.getByRole('button', { name: 'Forget this search' }).click()
    await page.getByRole('button', { name: 'Keep this search' }).waitFor()
    expect(await page.getByRole('link', { name: 'outcome:denied' }).count()).toBe(0)
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
    // The browser reports the refused request of the list itself; facets and histogram are not asked for then.
    await expect.poll(() => complaints.length, { timeout: PATIENCE_MS }).toBe(1)
    expect(await page.getByRole('alert').count()).toBe(1)
    complaints.length = 0
  })

  it.each([
    '/console/',
    '/console/incidents',
    '/console/incidents/:incident',
    '/console/search?q=kind:tool',
    '/console/search?over=findings',
    '/console/response',
    '/console/agents',
    '/console/agents/research-scout#watched',
    '/console/agents/invoice-bot',
    '/console/peers',
    '/console/peers/moltbook.com',
    '/console/detectors',
    '/console/settings',
    '/console/no/such/page',
  ])(
    '%s: axe finds nothing, in light and dark, wide and narrow, all is in view, and nothing complains',
    async (path) => {
      const { items } = (await service.get('/v1/incidents?limit=1')) as { items: { id: string }[] }
      for (const [width, colorScheme] of [
        [1280, 'light'],
        [1024, 'light'],
        [390, 'dark'],
      ] as const) {
        await page.setViewportSize({ width, height: 900 })
        await page.emulateMedia({ colorScheme })
        await open(path.replace(':incident', items[0]?.id ?? ''))
        await page.getByRole('heading', { level: 1 }).waitFor()
        // A live stream never ends, so the network is never idle.
        await expect.poll(() => page.getByText('Asking…').count(), { timeout: PATIENCE_MS }).toBe(0)
        expect(await axeFaults(page)).toEqual([])
        expect(await overflowing(page)).toEqual([])
      }
      expect(complaints).toEqual([])
    },
  )
})
