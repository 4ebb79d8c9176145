/** One file that cannot be used takes no other with it, and is no success either. */
import { execFile } from 'node:child_process'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { promisify } from 'node:util'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { addEval } from '../../services/commands/eval/eval.ts'
import { addProve } from '../../services/commands/prove/prove.ts'
import { addReplay } from '../../services/commands/replay/replay.ts'
import { type CollectorRoom, openCollector } from '../support/collector.ts'
import { type CommandRoom, createCommandRoom } from '../support/command-room.ts'

const RECORD = {
  eventVersion: '1.11',
  userIdentity: {
    type: 'IAMUser',
    arn: 'arn:aws:iam::111122223333:user/report',
    accountId: '111122223333',
    userName: 'report',
  },
  eventTime: '2026-11-26T08:01:00Z',
  eventSource: 'ec2.amazonaws.com',
  eventName: 'DescribeInstances',
  awsRegion: 'eu-west-1',
  sourceIPAddress: '198.51.100.10',
  userAgent: 'aws-cli/2.31.0',
  eventID: 'give-10-1',
  recipientAccountId: '111122223333',
}
const TRAIL = JSON.stringify({ Records: [RECORD] })
const DIGEST = JSON.stringify({
  awsAccountId: '111122223333',
  digestStartTime: '2026-11-26T07:07:00Z',
  digestEndTime: '2026-11-26T08:07:00Z',
  logFiles: [],
})
const INSIGHT = JSON.stringify({
  Records: [
    {
      eventVersion: '1.09',
      eventTime: '2026-11-26T08:01:00Z',
      eventType: 'AwsCloudTrailInsight',
      eventCategory: 'Insight',
      insightDetails: { state: 'Start', eventSource: 'ec2.amazonaws.com', eventName: 'RunInstances' },
    },
  ],
})
const SNAPSHOT = JSON.stringify({ fileVersion: '1.0', configSnapshotId: 'a1', configurationItems: [] })

let room: CommandRoom
beforeAll(() => {
  room = createCommandRoom()
})
afterAll(() => room.clear())

describe('a file that gives nothing', () => {
  it.each([
    ['a digest', DIGEST, /digest file of CloudTrail/],
    ['Insights alone', INSIGHT, /Insights record/],
    ['a configuration snapshot', SNAPSHOT, /configuration snapshot of AWS Config/],
    ['a text', 'Nothing to see here.\nReally.\n', /line 1 is not JSON/],
    ['a gzip file that was cut off', gzipSync(TRAIL.repeat(50)).subarray(0, 60), /damaged gzip file/],
    ['a file that is not there', undefined, /there is no such file/],
  ])('%s is named, beside one that is read, in either order', async (what, bytes, reason) => {
    const trail = room.file('trail.json', TRAIL)
    const other = bytes === undefined ? join(trail, '../absent.json') : room.file(what.replaceAll(' ', '-'), bytes)
    const labels = room.file('labels.ndjson', '{"eventID":"give-10-1","label":"attack","incident":"one"}\n')
    for (const [command, verb, more] of [
      [addReplay, 'replay', []],
      [addProve, 'prove', ['--seeds', '1']],
      [addEval, 'eval', ['--labels', labels]],
    ] as const) {
      for (const files of [
        [trail, other],
        [other, trail],
      ]) {
        for (const format of [[], ['--format', 'cloudtrail']]) {
          const { err, code } = await room.run(command, [verb, ...more, ...format, ...files])
          expect(code).toBe(0)
          expect(err).toContain('1 of 2 files gave no event')
          expect(err).toMatch(reason)
        }
      }
    }
    await expect(room.run(addReplay, ['replay', other])).rejects.toThrow(reason)
  })

  it('stands in the summary', async () => {
    const files = [room.file('trail.json', TRAIL), room.file('digest.json', DIGEST)]
    const { err } = await room.run(addReplay, ['replay', '--json', ...files])
    const summary = JSON.parse(err.trim().split('\n').at(-1) ?? '') as object
    expect(summary).toMatchObject({
      files: 2,
      events: 1,
      unusable_files: [{ file: files[1], reason: expect.stringContaining('digest') as unknown }],
    })
  })
})

describe('what replay reads', () => {
  const line = (n: number): string =>
    JSON.stringify({ id: `e${n}`, identity: 'a', action: 'read', time: 1_700_000_000 + n })

  it('is also zstd, a directory, a pattern, and a file with bad lines', async () => {
    const packed = room.file('d/one.zst', zstdCompressSync(Buffer.from(`${line(1)}\n${line(2)}\n`)))
    room.file('d/two.ndjson', `${line(3)}\nnot JSON\n{"identity": "a", "act\n${line(4)}\n`)
    const folder = join(packed, '..')
    for (const path of [folder, join(folder, '*')]) {
      const { err, code } = await room.run(addReplay, ['replay', path])
      expect(code).toBe(0)
      expect(err).toMatch(/^4 events of 1 identity, 2 records rejected/m)
      expect(err).toContain('line 2 is not JSON')
    }
  })

  it('is also standard input', async () => {
    const main = join(import.meta.dirname, '../../services/main.ts')
    const child = promisify(execFile)(process.execPath, [main, 'replay', '-'])
    child.child.stdin?.end(`${line(1)}\n`)
    expect((await child).stderr).toMatch(/^1 event of 1 identity/m)
  })
})

describe('a body of which nothing is a record', () => {
  let collector: CollectorRoom
  beforeAll(async () => {
    collector = await openCollector()
  })
  afterAll(() => collector.close())

  it.each([
    ['/v1/cloudtrail', '{"hello": "world"}', /eventName and eventSource.*Taken here: CloudTrail/],
    ['/v1/cloudtrail', DIGEST, /digest file/],
    ['/v1/cloudtrail', INSIGHT, /Insights record/],
    ['/v1/events', '{"hello": "world"}', /identity .or agent. and action.*Taken here: canonical events/],
    ['/v1/events', '[{"message": "GET /", "level": "info"}]', /Taken here/],
    ['/v1/events', TRAIL, /this is CloudTrail: it goes to \/v1\/cloudtrail/],
    ['/v1/cloudtrail', '{"resourceLogs": []}', /this is OTLP: it goes to \/v1\/logs/],
    ['/v1/logs', TRAIL, /this is CloudTrail: it goes to \/v1\/cloudtrail/],
  ])('at %s is refused: %s', async (path, body, reason) => {
    const answer = await collector.post(path, body)
    expect(answer.status).toBe(400)
    expect(await answer.text()).toMatch(reason)
  })

  it('is another thing than a bad record among good ones', async () => {
    const answer = await collector.post('/v1/cloudtrail', JSON.stringify({ Records: [{ hello: 'world' }, RECORD] }))
    expect(answer.status).toBe(200)
    expect(await answer.json()).toMatchObject({ accepted: 1, rejected: 1 })
    expect(await collector.deadLetters()).toMatchObject([{ reason: 'malformed', index: 0 }])
  })

  it('names the line of a bad one', async () => {
    const good = JSON.stringify({ id: 'g', identity: 'a', action: 'read' })
    const answer = await collector.post('/v1/events', `${good}\n\n{"identity": \n${good}`, {
      'content-type': 'application/x-ndjson',
    })
    expect(await answer.json()).toMatchObject({
      accepted: 2,
      errors: [{ index: 1, detail: expect.stringMatching(/^line 3: not JSON/) as unknown }],
    })
    const lines = [good, '', '{"identity": "a", "action": 5}', good, '{"identity": "a"}'].join('\n')
    for (const path of ['/v1/events', '/v1/records']) {
      const told = await collector.post(path, lines, { 'content-type': 'application/x-ndjson' })
      expect(await told.json()).toMatchObject({
        accepted: 2,
        errors: [
          {
            index: 1,
            reason: path === '/v1/events' ? 'invalid' : 'malformed',
            detail: expect.stringMatching(/^line 3: /) as unknown,
          },
          { index: 3, detail: expect.stringMatching(/^line 5: /) as unknown },
        ],
      })
    }
  })

  it('tells a time that cannot be read, and takes the record all the same', async () => {
    const one = (time: unknown) => JSON.stringify({ id: String(time), identity: 'a', action: 'read', time })
    const answer = await collector.post(
      '/v1/events',
      [one('2026-01-05T08:00:00Z'), one('yesterday'), one(3)].join('\n'),
    )
    expect(await answer.json()).toEqual({
      accepted: 3,
      rejected: 0,
      errors: [],
      ignored_fields: { time: 1 },
      untimed: { missing: 1, ancient: 1 },
    })
    const record = (timeUnixNano: string) => ({ timeUnixNano, eventName: 'device.auth' })
    const logRecords = [record('1767600000000000000'), record('soon')]
    const resource = { attributes: [{ key: 'service.name', value: { stringValue: 'probe' } }] }
    const otlp = JSON.stringify({ resourceLogs: [{ resource, scopeLogs: [{ logRecords }] }] })
    expect(await (await collector.post('/v1/logs', otlp)).json()).toEqual({
      partialSuccess: {
        rejectedLogRecords: '0',
        errorMessage: '1 record without a time that can be read: the time of receipt stands for it',
      },
    })
  })
})
