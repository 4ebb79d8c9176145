/**
 * Made-up work for the benchmarks: what a small company's agents and services do, as the bodies that their shippers post,
 * and light events for filling tables. Everything follows from numbers, so that two runs measure the same.
 */
import { blankEvent, EVENT_SCHEMA_VERSION, type Event, rowOf } from '../../../schemas/event.ts'
import { encodeFrame, encodeFrameLines } from '../../../schemas/frame.ts'
import { eventId } from '../../../schemas/ids.ts'
import { LIMITS } from '../../../schemas/limits.ts'

export const WORK_START_MS = Date.UTC(2026, 0, 5, 8)
/** Later than every event of a workload. */
export const WORK_RECEIPT_MS = WORK_START_MS + 30 * 86_400_000

export function createNumbers(seed: number): Numbers {
  let x = seed >>> 0
  return (below) => {
    x = (Math.imul(x, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((x / 0x1_0000_0000) * below)
  }
}

const TOOLS = ['read_file', 'search_issues', 'get_order', 'list_messages', 'send_email', 'create_event', 'browse_page']
type Numbers = (below: number) => number
/** Service, act, and on what it acts: objects are many, all else a role uses again and again. */
const API: readonly (readonly [string, string, (numbers: Numbers) => object])[] = [
  ['s3', 'GetObject', (n) => ({ bucketName: `bucket-${n(30)}`, key: `path/${n(9_999)}.json` })],
  ['s3', 'ListObjects', (n) => ({ bucketName: `bucket-${n(30)}` })],
  ['ec2', 'DescribeInstances', () => ({})],
  ['iam', 'GetRole', (n) => ({ roleName: `role-${n(60)}` })],
  ['sts', 'AssumeRole', (n) => ({ roleArn: `arn:aws:iam::111122223333:role/role-${n(60)}` })],
  ['lambda', 'Invoke', (n) => ({ functionName: `function-${n(20)}` })],
  ['secretsmanager', 'GetSecretValue', (n) => ({ secretId: `secret-${n(30)}` })],
]
/** How long a key of a role's session lasts. */
const SESSION_MS = 3_600_000
const SENTENCES = [
  'The order was shipped on Monday and will arrive within three days.',
  'Please check the attached invoice before the end of the month.',
  'See https://wiki.example.com/runbooks/restart for the steps.',
  'The build failed because a test of the payment module timed out.',
  'Contact support@example.com if the package does not arrive.',
  '- name: deploy\n  run: make deploy\n  when: main',
]

const attribute = (key: string, value: string) => ({ key, value: { stringValue: value } })
const nanos = (time: number): string => `${time}000000`

function toolCall(numbers: Numbers, session: string, time: number, n: number) {
  const text = Array.from({ length: 3 + numbers(8) }, () => SENTENCES[numbers(SENTENCES.length)]).join(' ')
  const target = `item-${numbers(400)}`
  return {
    timeUnixNano: nanos(time),
    eventName: 'gen_ai.tool.call',
    attributes: [
      attribute('gen_ai.tool.name', TOOLS[numbers(TOOLS.length)] ?? ''),
      attribute('gen_ai.tool.call.id', `call_${session}_${n}`),
      attribute('gen_ai.conversation.id', session),
      attribute('gen_ai.tool.call.arguments', JSON.stringify({ id: target, query: `status of ${target}`, limit: 20 })),
      attribute('gen_ai.tool.call.result', JSON.stringify({ id: target, text, total: numbers(1_000) })),
    ],
  }
}

/** OTLP bodies, one run of an agent each: a user's message and some tool calls. */
export function otlpBodies(runs: number, agents: number): Buffer[] {
  const numbers = createNumbers(7)
  return Array.from({ length: runs }, (_, run) => {
    const agent = `agent-${numbers(agents)}`
    const session = `run-${run}`
    const start = WORK_START_MS + run * 20_000
    const message = {
      timeUnixNano: nanos(start),
      eventName: 'gen_ai.user.message',
      body: { stringValue: `Look up item-${numbers(400)} and tell me when it arrives.` },
      attributes: [attribute('gen_ai.conversation.id', session)],
    }
    const calls = Array.from({ length: 4 + numbers(5) }, (_, n) => toolCall(numbers, session, start + n * 1_500, n))
    const resource = { attributes: [attribute('service.name', 'assistants'), attribute('gen_ai.agent.id', agent)] }
    const scopeLogs = [{ scope: { name: 'bench' }, logRecords: [message, ...calls] }]
    return Buffer.from(JSON.stringify({ resourceLogs: [{ resource, scopeLogs }] }))
  })
}

/** CloudTrail bodies of 200 records each. */
export function cloudtrailBodies(bodies: number, roles: number): Buffer[] {
  const numbers = createNumbers(11)
  return Array.from({ length: bodies }, (_, body) => {
    const Records = Array.from({ length: 200 }, (_, i) => {
      const n = body * 200 + i
      const [service, eventName, parameters] = API[numbers(API.length)] as (typeof API)[number]
      const number = numbers(roles)
      const role = `role-${number}`
      const copy = numbers(3)
      const time = WORK_START_MS + n * 700
      // Each copy of a role has a session of its own, whose key lasts an hour.
      const key = `ASIA${number}X${copy}X${Math.floor(time / SESSION_MS)}`
      return {
        eventVersion: '1.09',
        eventID: `${String(n).padStart(8, '0')}-0000-4000-8000-000000000000`,
        eventTime: new Date(time).toISOString(),
        eventSource: `${service}.amazonaws.com`,
        eventName,
        awsRegion: 'eu-central-1',
        // A role runs at two places: what nobody has seen before is rare once it has run for a while.
        sourceIPAddress: `10.${number % 7}.${numbers(2)}.${numbers(250)}`,
        userAgent: 'aws-sdk-js/3.600.0 os/linux lang/js md/nodejs#20.11.0',
        readOnly: true,
        recipientAccountId: '111122223333',
        requestParameters: parameters(numbers),
        responseElements: null,
        requestID: `r-${n}`,
        userIdentity: {
          type: 'AssumedRole',
          principalId: `AROA:${role}`,
          arn: `arn:aws:sts::111122223333:assumed-role/${role}/i-${copy}`,
          accountId: '111122223333',
          accessKeyId: key,
          sessionContext: {
            sessionIssuer: { type: 'Role', arn: `arn:aws:iam::111122223333:role/${role}`, accountId: '111122223333' },
          },
        },
      }
    })
    return Buffer.from(JSON.stringify({ Records }))
  })
}

/** Frames of given events, as the collector cuts them. */
export function framesOf(events: readonly Event[]): Buffer[] {
  const frames: Buffer[] = []
  for (let i = 0; i < events.length; i += LIMITS.frame_events_max) {
    const rows = events.slice(i, i + LIMITS.frame_events_max).map(rowOf)
    frames.push(encodeFrame(rows, { schema: EVENT_SCHEMA_VERSION, receiptTime: WORK_RECEIPT_MS }))
  }
  return frames
}

const TENANTS = 8

/**
 * Light events: the n-th is an act of the given identity. Eight tenants, because one may not fill a partition alone.
 * `n` makes the event's id and time.
 */
export function lightEvent(n: number, identity: number): Event {
  return {
    ...blankEvent(),
    event_id: eventId('bench', 'events', String(n)),
    tenant: `tenant-${identity % TENANTS}`,
    time: WORK_START_MS + n,
    receipt_time: WORK_RECEIPT_MS,
    identity: `identity-${identity}`,
    owner: `owner-${identity % 1_000}`,
    principal_kind: 'service',
    role: 'worker',
    action: API[n % API.length]?.[1] ?? '',
    activity: 'read',
    target: `target-${n % 50}`,
    source_address: `10.0.${identity % 250}.7`,
    source_network: `10.0.${identity % 250}.0/24`,
    user_agent_family: `client-${identity % 5}`,
    outcome: 'success',
    session: '',
  }
}

/**
 * The same with networks, clients, actions, targets and times that have nothing to do with each other: what detectors
 * remember of it compresses no better than what they remember of the world.
 */
export function variedEvent(n: number, identity: number): Event {
  const numbers = createNumbers(n * 2 + 1)
  // The first numbers of neighbouring seeds are neighbours.
  for (let i = 0; i < 3; i++) numbers(2)
  const network = `${1 + numbers(220)}.${numbers(256)}.${numbers(256)}`
  return {
    ...lightEvent(n, identity),
    time: WORK_START_MS + n * 400 + numbers(3_600_000),
    action: `service${numbers(80)}:Operation${numbers(400)}`,
    target: `target-${numbers(1_000_000)}`,
    source_address: `${network}.${numbers(256)}`,
    source_network: `${network}.0/24`,
    user_agent_family: `client-${numbers(3_000)}`,
    outcome: numbers(20) === 0 ? 'denied' : 'success',
  }
}

type IdentityOf = (n: number) => number

const frameOf =
  (eventOf: (n: number, identity: number) => Event) =>
  (from: number, count: number, identityOf: IdentityOf, receiptTime: number): Buffer => {
    const lines = Array.from({ length: count }, (_, i) =>
      JSON.stringify(rowOf(eventOf(from + i, identityOf(from + i)))),
    )
    return encodeFrameLines(lines, { schema: EVENT_SCHEMA_VERSION, receiptTime })
  }

/** One frame of light events: `identityOf` says whose the n-th is. */
export const lightFrame = frameOf(lightEvent)
/** One frame of varied events. */
export const variedFrame = frameOf(variedEvent)

/** Half and half, as a company that watches its agents and its cloud account would have it. */
export const halfAndHalf = <E extends { readonly time: number }>(tools: readonly E[], api: readonly E[]): E[] =>
  [...tools.slice(0, api.length), ...api.slice(0, tools.length)].sort((a, b) => a.time - b.time)
