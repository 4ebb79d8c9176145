/** Incidents that people merge and split: nothing is lost, what comes later joins, and a restart changes nothing. */
import { afterEach, expect, it } from 'vitest'
import { tiesOf } from '../../../schemas/chain.ts'
import type { CommandOutcome } from '../../../schemas/command.ts'
import type { Finding } from '../../../schemas/finding.ts'
import { H } from '../../../schemas/ids.ts'
import type { Incident } from '../../../schemas/incident.ts'
import { eventually, finding, type TestBench, testBench } from '../../support/responder.ts'

let bench: TestBench | undefined
afterEach(async () => {
  await bench?.close()
  bench = undefined
})

const found = (n: number, change: Partial<Finding> = {}): Finding =>
  finding({
    id: H('joining', n),
    agent: `agent-${n}`,
    time: new Date(Date.parse('2026-01-05T12:00:00.000Z') + n * 60_000).toISOString(),
    ...change,
  })

async function list(): Promise<readonly Incident[]> {
  const answer = await bench!.responder.views.incidents('default', { limit: 100, cursor: null })
  if (!answer.ok) throw new Error(answer.reason)
  return answer.items
}
const incidentOf = async (agent: string): Promise<Incident> => {
  const known = (await list()).find((one) => one.agent === agent)
  if (known === undefined) throw new Error(`no incident of ${agent}`)
  return known
}
async function carriedOut(type: 'merge' | 'split', fields: object): Promise<CommandOutcome> {
  const id = await bench!.sendCommand(type, fields)
  await eventually('the outcome', async () => (await bench!.responder.views.command('default', id)) !== undefined)
  return (await bench!.responder.views.command('default', id)) as CommandOutcome
}
const factsOf = ({ id, agent, owner, severity, time, detector, techniques }: Finding) => ({
  id,
  agent,
  owner,
  severity,
  time,
  detector,
  techniques: [...techniques],
})

it('merges incidents into the first, which takes what comes later, also after a restart', async () => {
  bench = await testBench()
  await bench.sendFinding(found(1))
  await bench.sendFinding(found(2, { severity: 'critical', detector: 'credential/new-source', techniques: ['T1078'] }))
  await eventually('both', async () => (await list()).length === 2)
  const [one, two] = [await incidentOf('agent-1'), await incidentOf('agent-2')]
  const outcome = await carriedOut('merge', { incident_ids: [one.id, two.id], reason: 'One stolen key.' })
  expect(outcome).toMatchObject({ status: 'applied', changed: 1 })
  expect(await incidentOf('agent-1')).toMatchObject({
    id: one.id,
    severity: 'critical',
    also: ['agent-2'],
    finding_ids: [found(1).id, found(2).id],
    detectors: ['lateral/recon-burst', 'credential/new-source'],
    risk_points: one.risk_points + two.risk_points,
    last_time: found(2).time,
  })
  expect(await incidentOf('agent-2')).toMatchObject({ status: 'archived', merged_into: one.id, finding_ids: [] })
  await bench.restart()
  // A finding of the other identity joins, and one that was taken before opens nothing.
  await bench.sendFinding(found(2, { severity: 'critical' }))
  await bench.sendFinding(found(3, { agent: 'agent-2' }))
  await eventually('the third', async () => (await incidentOf('agent-1')).finding_ids.length === 3)
  expect(await list()).toHaveLength(2)
  expect(await carriedOut('merge', { incident_ids: [two.id, one.id], reason: 'The other way round.' })).toMatchObject({
    status: 'refused',
    detail: expect.stringContaining(`was merged into ${one.id} already`),
  })
})

it('splits findings off into an incident of their own, and leaves at least one', async () => {
  bench = await testBench()
  const all = [found(1), found(2, { agent: 'agent-1', severity: 'critical' }), found(3, { agent: 'agent-1' })]
  for (const each of all) await bench.sendFinding(each)
  await eventually('all', async () => (await list())[0]?.finding_ids.length === 3)
  const { id } = await incidentOf('agent-1')
  const findings = all.map(factsOf)
  const fields = { incident_id: id, findings, reason: 'By chance at the same time.' }
  expect(await carriedOut('split', { ...fields, finding_ids: all.map((one) => one.id) })).toMatchObject({
    status: 'refused',
  })
  expect(await carriedOut('split', { ...fields, finding_ids: [all[1]!.id] })).toMatchObject({ status: 'applied' })
  const [rest, apart] = [(await list()).find((one) => one.id === id)!, (await list()).find((one) => one.id !== id)!]
  expect(rest).toMatchObject({ severity: 'high', finding_ids: [all[0]!.id, all[2]!.id] })
  expect(apart).toMatchObject({ severity: 'critical', finding_ids: [all[1]!.id], status: 'new', agent: 'agent-1' })
  await bench.restart()
  for (const each of all) await bench.sendFinding(each)
  await bench.sendFinding(found(9, { agent: 'agent-9' }))
  await eventually('the last', async () => (await list()).length === 3)
  expect((await list()).reduce((sum, one) => sum + one.finding_ids.length, 0)).toBe(4)
})

it('knows the chain of an incident, also after a restart, a merge and a split', async () => {
  bench = await testBench()
  const all = [
    found(1, { session: 'shared' }),
    found(2, { session: 'shared', observed: { credential: 'key-1' } }),
    found(3, { session: 'of its own', observed: { credential: 'key-1' } }),
    found(4, { session: null }),
  ]
  for (const each of all) await bench.sendFinding(each)
  await eventually('all', async () => (await list()).length === 4)
  const chain = async (agent: string): Promise<string[]> => {
    const { links } = await bench!.responder.views.chain('default', await incidentOf(agent))
    return links.map(({ incident }) => incident.agent)
  }
  await bench.restart()
  expect(await chain('agent-1')).toEqual(['agent-2', 'agent-3'])
  expect(await chain('agent-4')).toEqual([])
  const [one, two] = [await incidentOf('agent-1'), await incidentOf('agent-2')]
  await carriedOut('merge', { incident_ids: [one.id, two.id], reason: 'One story.' })
  expect(await chain('agent-1')).toEqual(['agent-3'])
  // What is taken out takes its ties along.
  const findings = all.slice(0, 2).map((each) => ({ ...factsOf(each), ties: tiesOf(each) }))
  await carriedOut('split', { incident_id: one.id, findings, finding_ids: [all[1]!.id], reason: 'Two stories.' })
  const apart = (await list()).find(({ finding_ids }) => finding_ids.includes(all[1]!.id))!
  expect(apart.ties).toEqual(tiesOf(all[1]!))
  expect((await incidentOf('agent-1')).ties).toEqual(tiesOf(all[0]!))
})
