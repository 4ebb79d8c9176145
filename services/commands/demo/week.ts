/**
 * A week of a small company's agents and the hour after it. The week is ordinary. In the hour an agent is hijacked by a
 * mail, a stolen key looks around from elsewhere, and an agent joins a social network of agents.
 */
import type { Random } from './random.ts'
import { type CloudCall, cloudTrailRecord, otlpRequest } from './records.ts'
import { hijackedSession, moltbookSession, ordinarySession, type Session } from './sessions.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS
const SESSIONS_PER_DAY = 220
const RELEASES_PER_DAY = 12

const HOME = { address: '198.51.100.24', client: 'Boto3/1.40.2 md/Botocore#1.40.2 lang/python#3.13' }
const THIEF = { address: '203.0.113.77', client: 'aws-cli/2.31.0 md/awscrt#0.27 lang/python#3.12' }

/** A request to one of the collector's inputs. */
export interface Request {
  readonly path: '/v1/logs' | '/v1/cloudtrail'
  readonly body: object
  readonly events: number
  /** Event time of its first event in ms. */
  readonly time: number
}

const ask = (session: Session, time: number, random: Random): Request => ({
  path: '/v1/logs',
  body: otlpRequest(session, time, random),
  events: session.calls.length + 1,
  time,
})

const trail = (calls: readonly CloudCall[], random: Random): Request => ({
  path: '/v1/cloudtrail',
  body: { Records: calls.map((call) => cloudTrailRecord(call, random)) },
  events: calls.length,
  time: calls[0]?.time ?? 0,
})

/** A release: the calls that the bot always makes, from where it always runs. */
function release(time: number, random: Random): Request {
  const step = (service: string, operation: string, readOnly: boolean, parameters: object, i: number): CloudCall => ({
    ...HOME,
    time: time + i * 3_000,
    service,
    operation,
    readOnly,
    parameters: { ...parameters },
  })
  const build = `build-${random.below(4)}.zip`
  return trail(
    [
      step('sts', 'GetCallerIdentity', true, {}, 0),
      step('s3', 'GetObject', true, { bucketName: 'demo-artifacts', key: build }, 1),
      step('ecr', 'GetAuthorizationToken', true, {}, 2),
      step('ecs', 'DescribeServices', true, { cluster: 'demo', services: ['shop'] }, 3),
      step('ecs', 'UpdateService', false, { cluster: 'demo', service: 'shop' }, 4),
    ],
    random,
  )
}

const LOOKS: readonly (readonly [string, string])[] = [
  ['sts', 'GetCallerIdentity'],
  ['iam', 'ListUsers'],
  ['iam', 'ListRoles'],
  ['iam', 'ListPolicies'],
  ['iam', 'GetAccountAuthorizationDetails'],
  ['s3', 'ListBuckets'],
  ['ec2', 'DescribeInstances'],
  ['ec2', 'DescribeSecurityGroups'],
  ['ec2', 'DescribeVpcs'],
  ['rds', 'DescribeDBInstances'],
  ['lambda', 'ListFunctions20150331'],
  ['secretsmanager', 'ListSecrets'],
  ['kms', 'ListKeys'],
  ['dynamodb', 'ListTables'],
  ['cloudtrail', 'DescribeTrails'],
  ['organizations', 'DescribeOrganization'],
  ['sns', 'ListTopics'],
  ['sqs', 'ListQueues'],
  ['eks', 'ListClusters'],
  ['ecr', 'DescribeRepositories'],
  ['logs', 'DescribeLogGroups'],
  ['guardduty', 'ListDetectors'],
  ['ssm', 'DescribeParameters'],
  ['route53', 'ListHostedZones'],
]

/** The stolen key looks around: much in little time, most of it refused. */
const stolenKey = (time: number, random: Random): Request =>
  trail(
    LOOKS.map(([service, operation], i) => ({
      ...THIEF,
      time: time + i * 2_000,
      service,
      operation,
      readOnly: true,
      parameters: {},
      ...(i > 0 && i % 4 !== 0 ? { error: 'AccessDenied' } : {}),
    })),
    random,
  )

const byTime = (requests: Request[]): Request[] => requests.sort((a, b) => a.time - b.time)

/** Seven ordinary days that end at `end` (ms since 1970). */
export function ordinaryWeek(end: number, random: Random): Request[] {
  const requests: Request[] = []
  for (let day = 7; day >= 1; day--) {
    const midnight = end - day * DAY_MS
    for (let i = 0; i < SESSIONS_PER_DAY; i++) {
      requests.push(ask(ordinarySession(random), midnight + Math.floor(random.unit() * DAY_MS), random))
    }
    for (let i = 0; i < RELEASES_PER_DAY; i++)
      requests.push(release(midnight + Math.floor(random.unit() * DAY_MS), random))
  }
  return byTime(requests)
}

/** The hour from `start`: some ordinary work, and what the demo is about. */
export function eventfulHour(start: number, random: Random): Request[] {
  const at = (minute: number): number => start + minute * MINUTE_MS
  const requests = Array.from({ length: 10 }, () =>
    ask(ordinarySession(random), start + Math.floor(random.unit() * 50 * MINUTE_MS), random),
  )
  requests.push(release(at(5), random))
  requests.push(ask(hijackedSession(), at(20), random))
  requests.push(stolenKey(at(32), random))
  requests.push(ask(moltbookSession(), at(45), random))
  return byTime(requests)
}
