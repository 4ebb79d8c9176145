/** What the service tells of an identity's permissions: its entries in `agents.yaml` beside what it did, as the file is now. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { PATIENCE_MS } from '../../support/patience.ts'
import { planService, type RunningService, startService, until } from '../../support/service.ts'

interface Part {
  readonly allowed: readonly { entry: string; events: number; last_used: string | null }[]
  readonly never: readonly { entry: string; events: number }[]
  readonly undeclared: readonly { value: string; events: number; trusted: boolean }[]
  readonly proposed: readonly string[]
  readonly left_out: Readonly<Record<string, number>>
}
interface Told {
  readonly registry: string
  readonly strict: boolean
  readonly owner: string
  readonly actions: Part
  readonly targets: Part
  readonly peers: Part
  readonly kinds: readonly { value: string; events: number }[]
}

let directory: string
let service: RunningService
const DAY_MS = 86_400_000
const now = Date.now()
const register = (registry: object): Promise<void> =>
  writeFile(join(directory, 'agents.yaml'), JSON.stringify(registry))
const told = (identity: string, query = ''): Promise<Told> =>
  service.get(`/v1/identities/${identity}/permissions${query}`) as Promise<Told>
const act = (n: number, identity: string, more: object) => ({
  id: `act-${identity}-${n}`,
  time: new Date(now - n * 60_000).toISOString(),
  identity,
  kind: 'tool',
  ...more,
})

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'moltwatch-permissions-'))
  const config = join(directory, 'moltwatch.yaml')
  await writeFile(config, '{}')
  service = await startService(await planService(join(directory, 'data'), config))
  const events = [
    act(1, 'billing-3', { action: 'Read_Invoice', peer: 'api.bank.example' }),
    act(2, 'billing-3', { action: 'read_ledger', peer: 'files.bank.example' }),
    act(3, 'billing-3', { action: 'delete_invoice', target: 'ledger/closed/2024' }),
    act(4, 'billing-3', { action: 'send_mail', peer: 'partner.example' }),
    act(50 * 24 * 60, 'billing-3', { action: 'pay_invoice' }),
    act(5, 'billing-3', { kind: 'message', message: 'Pay what is due.' }),
    act(1, 'stranger', { action: 'look' }),
  ]
  const days = 24 * 60
  const before = [
    act(9 * days, 'settler', { action: 'look', peer: 'home.example' }),
    act(9 * days + 1, 'settler', { action: 'tidy' }),
    act(9 * days + 2, 'settler', { action: 'knock', outcome: 'denied' }),
    act(9 * days + 3, 'settler', { action: 'sweep*' }),
    act(9 * days + 4, 'settler', { action: 'look', peer: '0.0.0.0/0' }),
  ]
  const live = [
    act(2, 'settler', { action: 'knock' }),
    act(3, 'settler', { action: 'steal', peer: 'lair.example' }),
    act(4, 'settler', { action: 'pry', outcome: 'denied' }),
    act(5, 'settler', { action: 'tidy' }),
    // Live, so its sender cannot say that this is old.
    act(8 * days, 'settler', { action: 'steal_quietly' }),
  ]
  expect((await service.post('/v1/events?history=1', JSON.stringify(before))).status).toBe(200)
  expect((await service.post('/v1/events', JSON.stringify([...events, ...live]))).status).toBe(200)
  await until(
    () => service.get('/v1/events/count') as Promise<{ count: number }>,
    ({ count }) => count === events.length + before.length + live.length,
  )
}, 2 * PATIENCE_MS)

afterAll(async () => {
  await service?.stop()
  await rm(directory, { recursive: true, force: true })
})

it('says that nothing is declared, and what was used', async () => {
  const { registry, strict, actions, kinds } = await told('billing-3')
  expect([registry, strict, actions.allowed, actions.never]).toEqual(['none', false, [], []])
  expect(actions.undeclared.map(({ value }) => value)).toEqual([
    'Read_Invoice',
    'delete_invoice',
    'read_ledger',
    'send_mail',
  ])
  expect(kinds.map(({ value, events }) => [value, events])).toEqual([
    ['tool', 4],
    ['message', 1],
  ])
})

it('proposes only what nobody can have slipped in, and says how much was left out', async () => {
  const { actions, peers } = await told('settler')
  expect(actions.proposed).toEqual(['look', 'tidy'])
  expect(actions.left_out).toEqual({ denied: 1, recent: 3, incident: 0, never: 0, pattern: 1, more: 0 })
  expect([peers.proposed, peers.left_out]).toEqual([
    ['home.example'],
    { denied: 0, recent: 1, incident: 0, never: 0, pattern: 1, more: 0 },
  ])
  expect((await told('stranger')).actions).toMatchObject({ proposed: [], left_out: { recent: 1 } })
})

it('sets what is declared beside what was used, as soon as the file says it', async () => {
  await register({
    mode: 'strict',
    trusted_peers: ['partner.example'],
    agents: [
      { agent: '*', never: { targets: ['ledger/closed/*', 'vault/*'] } },
      {
        agent: 'billing-*',
        owner: 'finance',
        allowed: { actions: ['read_*', 'pay_invoice', 'read_ledger'], peers: ['api.bank.example', 'idle.example'] },
        never: { actions: ['delete_*'] },
      },
    ],
  })
  const { owner, actions, targets, peers } = await until(
    () => told('billing-3'),
    ({ registry, strict }) => registry === 'listed' && strict,
  )
  const of = ({ allowed }: Part) => allowed.map(({ entry, events, last_used }) => [entry, events, last_used])
  const ago = (minutes: number): string => new Date(now - minutes * 60_000).toISOString()
  expect(owner).toBe('finance')
  expect(of(actions)).toEqual([
    ['read_*', 1, ago(1)],
    ['read_ledger', 1, ago(2)],
    ['pay_invoice', 0, null],
  ])
  expect(actions.undeclared.map(({ value }) => value)).toEqual(['delete_invoice', 'send_mail'])
  expect(actions.never).toEqual([expect.objectContaining({ entry: 'delete_*', events: 1 })])
  expect(targets.never.map(({ entry, events }) => [entry, events])).toEqual([
    ['ledger/closed/*', 1],
    ['vault/*', 0],
  ])
  // A host that is declared is not told again as its domain; another host of the domain is not declared.
  expect(of(peers)).toEqual([
    ['api.bank.example', 1, ago(1)],
    ['idle.example', 0, null],
  ])
  expect(peers.undeclared.map(({ value, trusted }) => [value, trusted])).toEqual([
    ['files.bank.example', false],
    ['partner.example', true],
  ])
})

it('looks back as far as it is asked to', async () => {
  const { actions } = await told('billing-3', '?days=60')
  const paid = actions.allowed.find(({ entry }) => entry === 'pay_invoice')
  expect(paid).toEqual({
    entry: 'pay_invoice',
    events: 1,
    last_used: new Date(now - 50 * DAY_MS).toISOString(),
  })
})

it('says of an agent under no entry that it is not listed, and of an unknown one that it is unknown', async () => {
  await register({ agents: [{ agent: 'billing-3' }] })
  const { registry, actions } = await until(
    () => told('stranger'),
    ({ registry }) => registry === 'unlisted',
  )
  expect([registry, actions.undeclared.map(({ value }) => value)]).toEqual(['unlisted', ['look']])
  await expect(told('nobody')).rejects.toThrow(/404|nothing is known/)
})
