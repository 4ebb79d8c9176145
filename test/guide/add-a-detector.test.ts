/**
 * Runs docs/add-a-detector.md: its blocks become three files and one registry line in a copy of the tree, its version is locked,
 * the conformance suite runs for it there, and a snapshot from before the detector restores without losing what others learned.
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { copyOfTree, failedOf, follow, passedOf, runConformance, SUITE_MS, type TreeCopy } from './tree.ts'

let tree: TreeCopy

async function run(script: string): Promise<Record<string, unknown>> {
  await writeFile(join(tree.path, 'run.ts'), script)
  return JSON.parse(await tree.node('run.ts')) as Record<string, unknown>
}

/** Learns with the registry as it stands, in the copy, and leaves the snapshot behind. */
const LEARN = `
import { writeFileSync } from 'node:fs'
import { DETECTORS } from './detectors/registry.ts'
import { blankEvent, EVENT_SCHEMA_VERSION, rowOf } from './schemas/event.ts'
import { encodeFrame } from './schemas/frame.ts'
import { eventId } from './schemas/ids.ts'
import { createStageOne } from './services/detector/engine/index.ts'
const stage = createStageOne({ detectors: DETECTORS, codeVersion: 'before', partition: 0 })
const rows = Array.from({ length: 2_000 }, (_, n) => rowOf({
  ...blankEvent(), event_id: eventId('t', 'events', 'e' + n), tenant: 't', identity: 'agent-' + (n % 7), owner: 'o', kind: 'api',
  action: 's3:GetObject', source_network: '10.0.' + (n % 3) + '.0/24', user_agent_family: 'sdk', time: Date.UTC(2026, 0, 1) + n * 60_000,
}))
stage.apply({ offset: 0, value: encodeFrame(rows, { schema: EVENT_SCHEMA_VERSION, receiptTime: Date.UTC(2026, 6, 1) }) })
const snapshot = stage.snapshot()
writeFileSync('snapshot.json', JSON.stringify({ ...snapshot, columns: snapshot.columns.map((c) => [c.name, Buffer.from(c.bytes).toString('base64')]) }))
console.log(JSON.stringify({ detectors: DETECTORS.length, columns: snapshot.columns.length }))
`

/** Restores that snapshot with the new registry, compares every old column, and runs the new detector's cases. */
const CHECK = `
import { readFileSync } from 'node:fs'
import { DETECTORS } from './detectors/registry.ts'
import { cases } from './detectors/intent/stuck-call.cases.ts'
import { blankEvent, EVENT_SCHEMA_VERSION, rowOf } from './schemas/event.ts'
import { encodeFrame } from './schemas/frame.ts'
import { eventId } from './schemas/ids.ts'
import { createStageOne } from './services/detector/engine/index.ts'
const held = JSON.parse(readFileSync('snapshot.json', 'utf8'))
const snapshot = { ...held, columns: held.columns.map(([name, text]) => ({ name, bytes: new Uint8Array(Buffer.from(text, 'base64')) })) }
const after = new Map(createStageOne({ detectors: DETECTORS, codeVersion: 'after', partition: 0 }, snapshot).snapshot().columns.map((c) => [c.name, Buffer.from(c.bytes)]))
const lost = snapshot.columns.filter((c) => !after.get(c.name)?.equals(Buffer.from(c.bytes))).map((c) => c.name)
const failed = cases.filter((one) => {
  const stage = createStageOne({ detectors: DETECTORS, codeVersion: 'after', partition: 0 })
  const rows = one.events.map((e, n) => rowOf({ ...blankEvent(), event_id: eventId('t', 'events', 'e' + n), source_id: 'e' + n, tenant: 't', ...e }))
  const { findings } = stage.apply({ offset: 0, value: encodeFrame(rows, { schema: EVENT_SCHEMA_VERSION, receiptTime: Date.UTC(2026, 6, 1) }) })
  return findings.filter((f) => f.detector === 'intent/stuck-call').length !== one.expect.length
})
console.log(JSON.stringify({ detectors: DETECTORS.length, lost, failed: failed.map((c) => c.name), cases: cases.length }))
`

describe('docs/add-a-detector.md', () => {
  beforeAll(async () => {
    tree = await copyOfTree()
  })
  afterAll(() => tree.remove())

  it('adds a detector with three files and one registry line, and nobody loses what they learned', {
    timeout: SUITE_MS,
  }, async () => {
    const before = await run(LEARN)
    await follow(tree, 'add-a-detector.md')
    await tree.node('scripts/lock-detectors.ts')

    const after = await run(CHECK)
    expect(after).toEqual({ detectors: (before['detectors'] as number) + 1, lost: [], failed: [], cases: 5 })
    const tests = await runConformance(tree, 'test/conformance/detectors.test.ts', 'intent/stuck-call')
    expect(failedOf(tests)).toEqual([])
    expect(passedOf(tests, 'intent/stuck-call')).toBeGreaterThan(20)
  })
})
