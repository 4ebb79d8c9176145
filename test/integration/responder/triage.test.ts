/** Triage: what people make of incidents holds through a restart, reaches the detectors, and closes an incident for good. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { decodeControl, decodeHeader } from '../../../schemas/frame.ts'
import { H } from '../../../schemas/ids.ts'
import type { Incident } from '../../../schemas/incident.ts'
import { riskAt } from '../../../schemas/risk.ts'
import { eventually, finding, type TestBench, testBench } from '../../support/responder.ts'

const PAGE = { limit: 100, cursor: null }

describe('triage', () => {
  let bench: TestBench
  const incidents = async (): Promise<readonly Incident[]> => {
    const answer = await bench.responder.views.incidents('acme', PAGE)
    return answer.ok ? answer.items : []
  }
  const found = async (n: number, fields: object = {}): Promise<void> => {
    await bench.sendFinding(finding({ id: H('triage', String(n)), tenant: 'acme', agent: 'bot', ...fields }))
  }
  const triage = async (fields: object) => {
    const id = await bench.sendCommand('triage', { reason: 'a reason', ...fields }, 'acme')
    await eventually('its outcome', async () => (await bench.responder.views.command('acme', id)) !== undefined)
    return bench.responder.views.command('acme', id)
  }
  const verdicts = async (): Promise<unknown[]> => {
    const controls: unknown[] = []
    for (let partition = 0; partition < bench.log.partitions('events'); partition++) {
      for await (const { value } of bench.log.read('events', partition)) {
        if (value !== null && decodeHeader(value).kind === 'control') controls.push(decodeControl(value))
      }
    }
    return controls.filter((control) => (control as { type: string }).type === 'verdict')
  }

  beforeEach(async () => {
    bench = await testBench()
    await found(1)
    await eventually('the incident', async () => (await incidents()).length === 1)
  })
  afterEach(() => bench.close())

  it('gives an incident a status, a person and a verdict, and keeps them through a restart', async () => {
    const [{ id } = { id: '' }] = await incidents()
    expect(await triage({ incident_ids: [id], status: 'in_progress', assignee: 'ann' })).toMatchObject({ changed: 1 })
    expect(await triage({ incident_ids: [id], status: 'resolved', verdict: 'benign' })).toMatchObject({ changed: 1 })
    expect(await triage({ incident_ids: [id], status: 'resolved', verdict: 'benign' })).toMatchObject({
      status: 'nothing',
      changed: 0,
    })
    await bench.restart()
    const [incident] = await incidents()
    expect(incident).toMatchObject({
      status: 'resolved',
      assignee: 'ann',
      verdict: 'benign',
      status_reason: 'a reason',
    })
    expect(incident?.timeline.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['action', 'verdict']))
    expect(await verdicts()).toEqual([expect.objectContaining({ key: 'bot', verdict: 'benign' })])
  })

  it('opens a new incident for what comes after one was resolved', async () => {
    const [{ id } = { id: '' }] = await incidents()
    await found(2)
    await eventually('the second finding', async () => (await incidents())[0]?.finding_ids.length === 2)
    await triage({ incident_ids: [id], status: 'resolved', verdict: 'true_positive' })
    await found(3)
    await eventually('the second incident', async () => (await incidents()).length === 2)
    expect((await incidents()).map(({ status }) => status).toSorted()).toEqual(['new', 'resolved'])
  })

  it('rises in risk with each finding, and decays', async () => {
    const [before] = await incidents()
    await found(2)
    await eventually('the second finding', async () => (await incidents())[0]?.finding_ids.length === 2)
    const [after] = await incidents()
    const at = Date.parse(after?.last_time ?? '')
    expect(riskAt(after as Incident, at)).toBeGreaterThan(riskAt(before as Incident, at))
    expect(riskAt(after as Incident, at + 86_400_000)).toBeLessThan(riskAt(after as Incident, at))
  })

  it('says what it knows nothing of', async () => {
    expect(await triage({ incident_ids: [H('nobody')], status: 'resolved' })).toMatchObject({ status: 'nothing' })
  })
})
