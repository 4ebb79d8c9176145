/**
 * A mapping is a format of the service like any other: through every input, under its own name, with the ids that `replay`
 * gives; changed while the service runs; refused with its file and place where it is wrong.
 */
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { addMapping } from '../../../services/commands/mapping/mapping.ts'
import { importFiles } from '../../../services/commands/import/import.ts'
import { FORMAT_IDS } from '../../../services/collector/formats/registry.ts'
import { loadConfig } from '../../../services/lib/config.ts'
import { type CommandRoom, createCommandRoom } from '../../support/command-room.ts'
import { type CollectorRoom, openCollector } from '../../support/collector.ts'
import { EXAMPLE_MAPPINGS, exampleRecords, mappingOf, MAPPINGS_FOLDER } from '../../support/mappings.ts'

const ALL = ['nginx-access', 'envoy-access', 'jira-webhook', 'github-deployment'].flatMap(exampleRecords)

describe('records of mappings', () => {
  let room: CollectorRoom
  beforeAll(async () => {
    room = await openCollector(8, EXAMPLE_MAPPINGS)
  })
  afterAll(() => room.close())
  const ids = async (): Promise<string[]> => [...new Set((await room.events()).map((event) => event.event_id))].sort()

  it('come through every input with one id each', async () => {
    const lines = ALL.map((record) => JSON.stringify(record)).join('\n')
    expect(await (await room.post('/v1/records', lines)).json()).toMatchObject({ accepted: 7, rejected: 0 })
    const first = await ids()
    expect(first).toHaveLength(7)
    const events = ALL.map((event) => JSON.stringify({ event })).join('\n')
    expect((await room.post('/services/collector/event', events)).status).toBe(200)
    const raw = ALL.map((record) => JSON.stringify({ message: JSON.stringify(record) })).join('\n')
    expect((await room.post('/services/collector/raw', raw)).status).toBe(200)
    const bulk = ALL.map((record) => `{"create":{}}\n${JSON.stringify(record)}`).join('\n')
    expect(await (await room.post('/elastic/_bulk', `${bulk}\n`)).json()).toMatchObject({ errors: false })
    for (const record of exampleRecords('nginx-access')) {
      expect((await room.post('/v1/mapped/nginx-access', JSON.stringify(record))).status).toBe(200)
    }
    expect(await ids()).toEqual(first)
  })

  it('are refused where none is one, and if there is no such mapping', async () => {
    const other = await room.post('/v1/mapped/nginx-access', '{"hello":"world"}')
    expect([other.status, await other.text()]).toEqual([400, expect.stringContaining('the conditions of the mapping')])
    const none = await room.post('/v1/mapped/constructor', '{"hello":"world"}')
    expect([none.status, await none.text()]).toEqual([400, expect.stringContaining('no mapping of the configuration')])
  })

  it('are read by a changed mapping from the next request on', async () => {
    const mapping = mappingOf(
      'name: doors\nwhen: { all: [{ path: door, exists: true }] }\nid: [n]\nfields: { identity: badge, action: { value: "door:open" } }',
    )
    const post = () => room.post('/v1/records', '{"door":"lab","badge":"courier","n":1}')
    expect((await post()).status).toBe(400)
    room.preparer.useMappings([mapping])
    expect(await (await post()).json()).toMatchObject({ accepted: 1 })
    room.preparer.useMappings(EXAMPLE_MAPPINGS)
    expect((await post()).status).toBe(400)
  })
})

describe('files of mappings', () => {
  let folder: string
  let commands: CommandRoom
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'moltwatch-mappings-'))
    commands = createCommandRoom()
  })
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true })
    commands.clear()
  })

  it('are read from beside the configuration, and named with their place where they are wrong', async () => {
    copyFileSync(join(MAPPINGS_FOLDER, 'nginx-access.yaml'), join(folder, 'nginx.yaml'))
    const config = join(folder, 'moltwatch.yaml')
    writeFileSync(config, 'mappings: [nginx.yaml]\nraw: { format: nginx-access }\n')
    const good = await loadConfig(config, { formats: FORMAT_IDS })
    expect(good.ok && good.config.mapped.map(({ name }) => name)).toEqual(['nginx-access'])
    writeFileSync(
      join(folder, 'bad.yaml'),
      'name: okta\nwhen: { all: [{ path: a, exists: true }] }\nfields: { identity: a, action: b }',
    )
    writeFileSync(config, 'mappings:\n  - nginx.yaml\n  - nginx.yaml\n  - bad.yaml\n  - none.yaml\n')
    const bad = await loadConfig(config, { formats: FORMAT_IDS })
    expect(bad.ok ? [] : bad.problems.map(({ line, message }) => `${line} ${message}`)).toEqual([
      '3 nginx.yaml: the name nginx-access is that of another format: choose one of its own',
      '4 bad.yaml: the name okta is that of another format: choose one of its own',
      '5 none.yaml: cannot be read: ENOENT',
    ])
  })

  it('give replay the events that the service has', async () => {
    const sample = join(MAPPINGS_FOLDER, 'nginx-access.sample.ndjson')
    await expect(importFiles([sample], 'auto')).rejects.toThrow('no record became an event')
    const { spool, rejected } = await importFiles([sample], 'auto', () => {}, EXAMPLE_MAPPINGS)
    expect([spool.count, rejected]).toEqual([2, 0])
  })

  it('are tried by `mapping test`: events, what was not used, exit codes', async () => {
    const mapping = join(MAPPINGS_FOLDER, 'envoy-access.yaml')
    const sample = join(MAPPINGS_FOLDER, 'envoy-access.sample.ndjson')
    const json = await commands.run(addMapping, ['mapping', 'test', mapping, sample, '--json'])
    expect(json.code).toBe(0)
    expect(JSON.parse(json.out.split('\n')[0] ?? '')).toMatchObject({
      status: 'event',
      event: { identity: 'spiffe://example.com/agent/triage-bot', source: 'envoy-access' },
      unused: ['protocol', 'duration', 'upstream_service_time', 'downstream_remote_address'],
    })
    const text = await commands.run(addMapping, ['mapping', 'test', mapping, sample])
    expect(text.out).toContain('not used: protocol, duration')
    expect(text.err).toContain('2 records: 2 events, 0 skipped, 0 rejected')
    const other = commands.file('other.ndjson', `${readFileSync(sample, 'utf8')}{"hello":"world"}\n`)
    const failed = await commands.run(addMapping, ['mapping', 'test', mapping, other])
    expect(failed).toMatchObject({ code: 1, out: expect.stringContaining('record 3: rejected: the conditions') })
    const wrong = commands.file('wrong.yaml', 'name: x\nwhen: {}\nfields: {}\n')
    await expect(commands.run(addMapping, ['mapping', 'test', wrong, sample])).rejects.toThrow(/wrong\.yaml:2:1: when/)
  })
})
