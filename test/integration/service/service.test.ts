/**
 * The whole service as a person runs it, in a process of its own: real ports, real log, real ClickHouse engine, a real
 * receiver. What it acknowledged is there, once; what it found is what `replay` finds; and it goes on where it stopped.
 */
import { chmod, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type DemoLoad, demoLoad, writeLoad } from '../../support/demo-load.ts'
import { findingIds, planService, type RunningService, startService, until, settled } from '../../support/service.ts'
import { startWebhookReceiver, TEST_SECRET, type WebhookReceiver } from '../../support/webhook-receiver.ts'
import { replayFiles } from '../../support/replay.ts'

const MINUTES_3 = 180_000

describe('the service', () => {
  let directory: string
  let receiver: WebhookReceiver
  let service: RunningService
  let load: DemoLoad
  let oracle: readonly string[]

  const sendAll = async (): Promise<void> => {
    for (const line of load.lines) {
      const answer = await service.post('/v1/logs', line)
      expect([answer.status, await answer.text()]).toEqual([200, '{}'])
    }
  }
  const count = (): Promise<{ count: number }> => service.get('/v1/events/count') as Promise<{ count: number }>

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'moltwatch-service-'))
    receiver = await startWebhookReceiver()
    load = demoLoad(60)
    const file = join(directory, 'load.otlp.ndjson')
    await writeLoad(file, load)
    oracle = await replayFiles([file])
    const config = join(directory, 'moltwatch.yaml')
    const sink = {
      name: 'test',
      type: 'webhook',
      url: receiver.url,
      secret: TEST_SECRET,
      min_severity: 'high',
      allow_private: true,
    }
    await writeFile(config, JSON.stringify({ sinks: [sink], policy: { preset: 'contain-agent-networks' } }))
    service = await startService(await planService(join(directory, 'data'), config))
  }, MINUTES_3)

  afterAll(async () => {
    await service?.stop()
    await receiver?.close()
    await rm(directory, { recursive: true, force: true })
  })

  it('keeps what it acknowledged, and finds what replay finds', { timeout: MINUTES_3 }, async () => {
    expect(oracle.length).toBeGreaterThan(1)
    await sendAll()
    expect(await settled(service, load.events)).toEqual(oracle)
    expect(await count()).toEqual({ count: load.events })
  })

  it('sends each finding of a severity once, signed', { timeout: MINUTES_3 }, async () => {
    const page = (await service.get('/v1/findings?limit=1000&severity=high')) as { items: { id: string }[] }
    const wanted = page.items.map((item) => item.id).sort()
    expect(wanted.length).toBeGreaterThan(1)
    const verified = await until(
      async () => receiver.received.filter((one) => one.verified && one.event.type === 'finding.created'),
      (received) => received.length >= wanted.length,
    )
    expect(verified.map((one) => (one.event.data as { id: string }).id).sort()).toEqual(wanted)
  })

  it('contains what the policy says, and lets a person release it', { timeout: MINUTES_3 }, async () => {
    type Quarantines = { items: { id: string; identity: string; status: string }[] }
    const list = (): Promise<Quarantines> => service.get('/v1/quarantines') as Promise<Quarantines>
    const { items } = await until(list, ({ items: [first] }) => first?.status === 'acknowledged')
    expect(items.map((one) => one.identity)).toEqual(['research-scout'])
    const answer = await service.post(
      `/v1/quarantines/${items[0]?.id}/release`,
      JSON.stringify({ reason: 'It was a drill.' }),
    )
    expect(answer.status).toBe(202)
    await until(list, ({ items: [first] }) => first?.status === 'released')
    await until(
      async () => receiver.received.filter((one) => one.verified && one.event.type === 'quarantine.released'),
      (received) => received.length === 1,
    )
  })

  it('shows why it alarmed: a finding with its evidence in order', async () => {
    const { items } = (await service.get('/v1/findings?detector=intent/influenced-action&severity=high')) as {
      items: { id: string }[]
    }
    const finding = (await service.get(`/v1/findings/${items[0]?.id}`)) as {
      why: string
      session: string
      evidence: { time: string; source_id: string }[]
      evidence_events: { event_id: string }[]
    }
    expect(finding.why).toContain('create_payment')
    expect(finding.session).toMatch(/^[0-9a-f]{32}$/)
    expect(finding.evidence.length).toBeGreaterThan(1)
    expect(finding.evidence.every((one) => one.source_id.startsWith('call_'))).toBe(true)
  })

  it('counts everything once when the whole load comes again', { timeout: MINUTES_3 }, async () => {
    await sendAll()
    expect(await settled(service, load.events)).toEqual(oracle)
    expect(await count()).toEqual({ count: load.events })
  })

  it('refuses a second process on its data, in words', { timeout: MINUTES_3 }, async () => {
    const { data } = service.plan
    await expect(startService(await planService(data))).rejects.toThrow(/another process|in use/)
  })

  it('stops when told to, having drained, and goes on where it stopped', { timeout: MINUTES_3 }, async () => {
    const code = await service.stop()
    expect(code).toBe(0)
    expect(service.log()).not.toContain('draining took too long')
    service = await startService(service.plan)
    expect(await settled(service, load.events)).toEqual(oracle)
    expect(await findingIds(service)).toEqual(oracle)
  })
})

describe('the secrets of a first start', () => {
  it('are readable by their owner alone', async () => {
    const { loadSecrets } = await import('../../../services/lib/secrets.ts')
    const directory = await mkdtemp(join(tmpdir(), 'moltwatch-secrets-'))
    const { tokenFile } = await loadSecrets(directory, undefined)
    const again = await loadSecrets(directory, undefined)
    for (const file of [tokenFile as string, join(directory, 'master-key')])
      expect((await stat(file)).mode & 0o777).toBe(0o600)
    expect(again.adminToken).toBe((await loadSecrets(directory, undefined)).adminToken)
    expect((await loadSecrets(directory, 'given')).adminToken).toBe('given')
    await rm(directory, { recursive: true })
  })

  it('lie in a directory that nobody else may read, whoever made it', async () => {
    const { loadSecrets } = await import('../../../services/lib/secrets.ts')
    const directory = await mkdtemp(join(tmpdir(), 'moltwatch-secrets-'))
    await chmod(directory, 0o755)
    await loadSecrets(directory, undefined)
    expect((await stat(directory)).mode & 0o777).toBe(0o700)
    await rm(directory, { recursive: true })
  })
})
