/** New sources that are no theft, from the files that people replay: through the formats, both stages and all detectors. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DETECTORS } from '../../detectors/registry.ts'
import { type Finding, severityAtLeast } from '../../schemas/finding.ts'
import { detect } from '../../services/commands/detection/index.ts'
import { importFiles } from '../../services/commands/import/import.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'moltwatch-sources-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function found(text: string, format: 'events' | 'cloudtrail'): Promise<readonly Finding[]> {
  const file = join(folder, 'log.json')
  writeFileSync(file, text)
  const { spool } = await importFiles([file], format)
  return (await detect(spool, { detectors: DETECTORS, codeVersion: 'test' })).findings
}
const highest = (findings: readonly Finding[]): string =>
  (['high', 'medium', 'low'] as const).find((floor) => findings.some((f) => severityAtLeast(f.severity, floor))) ??
  'none'

const CLI = 'aws-cli/2.31.0 os/macos#25.1.0 lang/python#3.13.7'
const SDK = 'Boto3/1.40.1 os/linux'
const V4 = '198.51.100.24'
const V6 = '2001:db8:77:10::3a'

/** Five days of habit from one address; on the sixth, calls from both within seven seconds. */
function twoSources(old: string, other: string, client: string, action: string): string {
  const event = (time: string, act: string, address: string, agent: string) => ({
    id: `${time}-${act}`,
    time,
    identity: 'pat',
    owner: 'desk',
    principal_kind: 'person',
    kind: 'api',
    action: act,
    source_address: address,
    user_agent: agent,
    credential: 'key-1',
    outcome: 'success',
  })
  const habit = Array.from({ length: 30 }, (_, n) => {
    const [day, hour] = [19 + Math.floor(n / 6), 8 + (Math.floor(n / 2) % 3) * 3]
    const time = `2026-11-${day}T${String(hour).padStart(2, '0')}:00:00Z`
    return event(time, n % 2 === 0 ? 'ec2:DescribeInstances' : 's3:ListBuckets', old, CLI)
  })
  const day = [
    event('2026-11-24T09:10:02Z', 'ec2:DescribeInstances', old, CLI),
    event('2026-11-24T09:10:03Z', action, other, client),
    event('2026-11-24T09:10:05Z', 's3:ListBuckets', old, CLI),
    event('2026-11-24T09:10:06Z', action, other, client),
    event('2026-11-24T09:10:09Z', 'ec2:DescribeInstances', old, CLI),
  ]
  return [...habit, ...day].map((one) => JSON.stringify(one)).join('\n')
}

describe('two address families of one machine', () => {
  it.each([
    [V4, V6, 'health:DescribeEvents'],
    [V6, V4, 'health:DescribeEvents'],
    [V4, V6, 's3:ListBuckets'],
  ])('are no theft: %s, then %s for %s', async (old, other, action) => {
    expect(['none', 'low']).toContain(highest(await found(twoSources(old, other, CLI, action), 'events')))
  })

  it.each([
    ['203.0.113.66', SDK, 'iam:ListUsers'],
    ['2001:db8:66:1::5', SDK, 'secretsmanager:ListSecrets'],
    [V6, CLI, 'iam:CreateAccessKey'],
  ])('do not hide a thief from %s', async (other, client, action) => {
    expect(highest(await found(twoSources(V4, other, client, action), 'events'))).toBe('high')
  })
})

describe('callers without a credential', () => {
  const record = (n: number, time: number, over: object = {}) => ({
    eventVersion: '1.11',
    userIdentity: { type: 'AWSAccount', principalId: '', accountId: 'ANONYMOUS_PRINCIPAL' },
    eventTime: new Date(time).toISOString().replace('.000', ''),
    eventSource: 's3.amazonaws.com',
    eventName: 'GetObject',
    awsRegion: 'eu-west-1',
    sourceIPAddress: '203.0.113.9',
    userAgent: '[Mozilla/5.0]',
    requestParameters: { bucketName: 'site-example', key: `old/${n}.html` },
    eventID: `anon-${n}`,
    recipientAccountId: '111122223333',
    readOnly: true,
    resources: [{ type: 'AWS::S3::Object', ARN: `arn:aws:s3:::site-example/old/${n}.html` }],
    ...over,
  })
  const T0 = Date.UTC(2026, 10, 26, 7)

  it('are nobody: a crawler that meets old links is no finding', async () => {
    const crawl = Array.from({ length: 14 }, (_, n) => record(n, T0 + n * 1_000, { errorCode: 'AccessDenied' }))
    expect(await found(JSON.stringify({ Records: crawl }), 'cloudtrail')).toEqual([])
  })

  it('have no home: a reader from another network is no finding', async () => {
    const days = Array.from({ length: 60 }, (_, n) => record(n, T0 + n * 7_200_000))
    const other = record(99, T0 + 61 * 7_200_000, { sourceIPAddress: '198.51.100.7', userAgent: '[curl/8.0]' })
    expect(await found(JSON.stringify({ Records: [...days, other] }), 'cloudtrail')).toEqual([])
  })

  it('belong to the account that they call', async () => {
    const file = join(folder, 'one.json')
    writeFileSync(file, JSON.stringify({ Records: [record(1, T0)] }))
    const { spool } = await importFiles([file], 'cloudtrail')
    expect(JSON.stringify([...spool.rows()])).not.toContain('"ANONYMOUS_PRINCIPAL","ANONYMOUS_PRINCIPAL"')
    expect(JSON.stringify([...spool.rows()])).toContain('"111122223333"')
  })
})
