/** What an analyst asks beside lists: how things stand, who talks to whom, who else, what came after, and when. */
import { describe, expect, it } from 'vitest'
import { door } from '../warehouse/door.ts'
import { event, scratch, T0, warehouse } from '../warehouse/support.ts'
import { api, delivery, fill, finding, incident, quarantine, sink } from './support.ts'

const count = (n: number) => Array.from({ length: n }, (_, index) => index)
const iso = (ms: number) => new Date(ms).toISOString()
const HOUR = 3_600_000

describe('open incidents', () => {
  it('come by risk however many are newer, with what holds their agents', async () => {
    const now = Date.now()
    const small = count(300).map((n) => incident(n, { risk_points: 4, last_time: iso(now), agent: `small-${n}` }))
    const asked = await api(await warehouse(), {
      incidents: [
        incident(900, { risk_points: 90, last_time: iso(now - HOUR), agent: 'worst' }),
        incident(901, { risk_points: 99, last_time: iso(now), agent: 'closed', status: 'resolved' }),
        ...small,
      ],
      quarantines: [
        quarantine(1, { identity: 'worst', status: 'released' }),
        quarantine(2, { identity: 'worst' }),
        ...count(250).map((n) => quarantine(10 + n, { identity: `other-${n}` })),
      ],
    })
    const { body } = await asked.get('/v1/incidents/open?limit=10')
    expect(body).toMatchObject({ open: 301, items: { length: 10 }, quarantines: { length: 1 } })
    const { items, quarantines } = body as { items: { agent: string }[]; quarantines: { id: string }[] }
    expect(items[0]?.agent).toBe('worst')
    expect(quarantines[0]?.id).toBe(quarantine(2).id)
  })
})

describe('the overview', () => {
  it('counts what came in within the hour, each once, and says how the parts are', async () => {
    const store = await warehouse()
    const untimed = { time_flag: 'missing', sender: 'gateway' } as const
    const recent = count(20).map((n) => event(n, n < 3 ? untimed : {}))
    const old = count(5).map((n) => event(100 + n, { receipt_time: Date.now() - 2 * HOUR, identity: 'old' }))
    await fill(store, { events: [...recent, ...recent.slice(0, 7), ...old] })
    const asked = await api(store, {
      incidents: count(3).map((n) => incident(n)),
      deliveries: [
        delivery(1),
        delivery(2, { status: 'dead' }),
        delivery(3, { sink: 'siem', status: 'dead' }),
        delivery(4, { sink: 'siem' }),
      ],
    })
    expect((await asked.get('/v1/overview')).body).toMatchObject({
      open_incidents: { info: 0, low: 0, medium: 1, high: 2, critical: 0 },
      events: 25,
      events_last_hour: 20,
      agents_last_hour: 5,
      untimed_last_hour: [{ sender: 'gateway', events: 3 }],
      health: {
        service: { state: 'ok' },
        inputs: { state: 'ok', text: '20 events in the last hour; without a time that can be believed: 3 of gateway' },
        warehouse: { state: 'ok' },
        sinks: { state: 'bad', text: 'the newest delivery was given up at pager' },
      },
    })
    const ill = await api(store, { sinks: [{ ...sink('pager', { tenant: 'acme' }), status: 'failing' }] })
    expect((await ill.get('/v1/overview')).body).toMatchObject({
      health: { sinks: { state: 'bad', text: 'pager is failing' } },
    })
    const judged = await api(store, {
      incidents: (['true_positive', 'benign', 'true_positive', null] as const).map((verdict, n) =>
        incident(n, { verdict }),
      ),
    })
    expect((await judged.get('/v1/detectors/credential/new-source')).body).toMatchObject({
      verdicts: { true_positive: 2, false_positive: 0, benign: 1 },
      precision: 2 / 3,
    })
    asked.setReadiness({ ready: false, reasons: ['the log is not writable'] })
    expect((await asked.get('/v1/overview')).body).toMatchObject({
      health: { service: { state: 'bad', text: 'the log is not writable' } },
    })
  })

  it('answers while the warehouse is away, and says what it does not know', async () => {
    const behind = await door(scratch())
    await behind.shut()
    const asked = await api(await warehouse({ kind: 'server', url: behind.url() }), { incidents: [incident(0)] })
    expect((await asked.get('/v1/overview')).body).toMatchObject({
      open_incidents: { high: 1 },
      events: null,
      agents_last_hour: null,
      health: { warehouse: { state: 'bad' }, inputs: { state: 'warn' } },
    })
    const { items } = (await asked.get('/v1/detectors')).body as { items: { findings: unknown }[] }
    expect(items.length).toBeGreaterThan(4)
    expect(items[0]?.findings).toBeNull()
  })
})

describe('who talks to whom', () => {
  it('is told with what is new since a time', async () => {
    const store = await warehouse()
    await fill(store, {
      events: [
        event(0, { identity: 'a', peer_domains: ['known.example'], time: T0 }),
        event(1, { identity: 'a', peer_domains: ['known.example'], time: T0 + HOUR }),
        event(2, { identity: 'a', peer_domains: ['new.example', 'known.example'], time: T0 + HOUR }),
        event(3, { identity: 'b', credential: 'key-1', on_behalf_of: ['alice'], time: T0 + HOUR }),
        event(4, { identity: 'c', peer_domains: ['gone.example'], time: T0 }),
      ],
    })
    const asked = await api(store)
    const { edges } = (await asked.get(`/v1/graph?since=${T0 + 1}`)).body as { edges: unknown[] }
    expect(edges).toEqual([
      { from: 'a', to: 'known.example', kind: 'peer', count: 2, first_seen: iso(T0), new: false },
      { from: 'a', to: 'new.example', kind: 'peer', count: 1, first_seen: iso(T0 + HOUR), new: true },
      { from: 'b', to: 'key-1', kind: 'credential', count: 1, first_seen: iso(T0 + HOUR), new: true },
      { from: 'b', to: 'alice', kind: 'delegation', count: 1, first_seen: iso(T0 + HOUR), new: true },
    ])
    expect((await asked.get('/v1/peers')).body).toMatchObject({
      items: [
        { peer: 'gone.example', identities: 1, events: 1 },
        { peer: 'known.example', identities: 1, events: 3, first_seen: iso(T0), last_seen: iso(T0 + HOUR) },
        { peer: 'new.example', identities: 1, events: 1 },
      ],
      next_cursor: null,
    })
    expect((await asked.get('/v1/credentials/key-1')).body).toMatchObject({
      identities: [{ identity: 'b', events: 1 }],
    })
    expect((await asked.get('/v1/peers/nobody.example')).status).toBe(404)
  })
})

describe('a finding', () => {
  it('is followed by what its identity did afterwards, and by who else touched its values', async () => {
    const store = await warehouse()
    const events = count(12).map((n) =>
      event(n, { identity: 'a', value_hashes: n === 2 ? ['18446744073709551615', '7'] : [] }),
    )
    const others = [
      event(20, { identity: 'b', value_hashes: ['7'] }),
      event(21, { identity: 'c', owner: 'team', value_hashes: ['7', '18446744073709551615', '9'] }),
      // An event that leaves the owner out unsays nothing.
      event(22, { identity: 'c', owner: '', value_hashes: ['18446744073709551615'] }),
    ]
    const evidence = [events[1], events[2]].map((one) => ({
      event_id: one?.event_id ?? '',
      source_id: '',
      time: iso(one?.time ?? 0),
      action: '',
      target: '',
    }))
    const one = finding(1, { agent: 'a', time: iso(T0 + 1_000), evidence })
    await fill(store, { events: [...events, ...others, ...events.slice(5)], findings: [one] })
    const asked = await api(store)
    const after = (await asked.get(`/v1/findings/${one.id}/after?limit=4`)).body as {
      items: { source_id: string }[]
      events: number
    }
    expect(after.items.map(({ source_id }) => source_id)).toEqual([3, 4, 5, 6].map((n) => `call-${n}`))
    expect(after.events).toBe(9)
    expect((await asked.get(`/v1/findings/${one.id}/shared`)).body).toMatchObject({
      values: [
        { value: '18446744073709551615', identities: [{ identity: 'c', owner: 'team', events: 2 }] },
        { value: '7', identities: [{ identity: 'b' }, { identity: 'c' }] },
      ],
    })
  })
})

describe('an identity', () => {
  it('is told by its hours, now against before, and found by a name with slashes as it is', async () => {
    const store = await warehouse()
    const name = 'arn:aws:iam::1:role/ops/deploy'
    const now = Date.now()
    const monday = new Date(now - 20 * 24 * HOUR)
    await fill(store, {
      events: [
        ...count(3).map((n) => event(n, { identity: name, time: now - HOUR })),
        event(9, { identity: name, time: monday.getTime() }),
      ],
    })
    const asked = await api(store)
    const told = (await asked.get(`/v1/identities/${encodeURIComponent(name)}/hours`)).body as {
      now: number[][]
      before: number[][]
    }
    const at = new Date(now - HOUR)
    const row = (day: Date) => (day.getUTCDay() + 6) % 7
    expect(told.now[row(at)]?.[at.getUTCHours()]).toBe(3)
    expect(told.before[row(monday)]?.[monday.getUTCHours()]).toBe(1)
    expect([told.now, told.before].map((week) => week.flat().reduce((sum, n) => sum + n, 0))).toEqual([3, 1])
    expect((await asked.get(`/v1/identities/${name}`)).body).toMatchObject({ identity: name, events: 4 })
    expect((await asked.get('/v1/identities/no/such/one')).status).toBe(404)
    expect((await asked.get('/v1/detectors/lateral/recon-burst')).body).toMatchObject({ id: 'lateral/recon-burst' })
  })
})
