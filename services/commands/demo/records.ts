/** Puts the demo's sessions and cloud calls into the formats that the collector takes: OTLP/JSON and CloudTrail. */
import type { Random } from './random.ts'
import type { Session } from './sessions.ts'

const CALL_GAP_MS = 4_000

const attribute = (key: string, value: string): object => ({ key, value: { stringValue: value } })
const nanos = (ms: number): string => `${Math.round(ms)}000000`

/** An ExportLogsServiceRequest that holds one session starting at `start` (ms since 1970). */
export function otlpRequest(session: Session, start: number, random: Random): object {
  const conversation = attribute('gen_ai.conversation.id', random.hex(32))
  const message = {
    timeUnixNano: nanos(start),
    eventName: 'gen_ai.user.message',
    body: { stringValue: session.message },
    attributes: [conversation],
  }
  const calls = session.calls.map((call, i) => ({
    timeUnixNano: nanos(start + (i + 1) * CALL_GAP_MS),
    eventName: 'gen_ai.tool.call',
    attributes: [
      conversation,
      attribute('gen_ai.operation.name', 'execute_tool'),
      attribute('gen_ai.tool.name', call.tool),
      attribute('gen_ai.tool.call.id', `call_${random.hex(24)}`),
      attribute('gen_ai.tool.call.arguments', JSON.stringify(call.arguments)),
      attribute('gen_ai.tool.call.result', call.result),
    ],
  }))
  return {
    resourceLogs: [
      {
        resource: {
          attributes: [attribute('service.name', 'demo-company'), attribute('gen_ai.agent.id', session.agent)],
        },
        scopeLogs: [{ scope: { name: 'demo-runtime' }, logRecords: [message, ...calls] }],
      },
    ],
  }
}

export interface CloudCall {
  readonly time: number
  readonly service: string
  readonly operation: string
  readonly readOnly: boolean
  readonly address: string
  readonly client: string
  readonly error?: string
  readonly parameters: Readonly<Record<string, unknown>>
}

const ACCOUNT = '111122223333'
const ROLE = 'release-bot'

/** A CloudTrail record of the release bot's role. */
export function cloudTrailRecord(call: CloudCall, random: Random): object {
  return {
    eventVersion: '1.09',
    userIdentity: {
      type: 'AssumedRole',
      principalId: 'AROADEMODEMODEMODEMO1:release',
      arn: `arn:aws:sts::${ACCOUNT}:assumed-role/${ROLE}/release`,
      accountId: ACCOUNT,
      accessKeyId: 'ASIADEMODEMODEMO0001',
      sessionContext: {
        sessionIssuer: {
          type: 'Role',
          principalId: 'AROADEMODEMODEMODEMO1',
          arn: `arn:aws:iam::${ACCOUNT}:role/${ROLE}`,
          accountId: ACCOUNT,
          userName: ROLE,
        },
      },
    },
    eventTime: new Date(call.time).toISOString().replace(/\.\d+Z$/, 'Z'),
    eventSource: `${call.service}.amazonaws.com`,
    eventName: call.operation,
    awsRegion: 'eu-central-1',
    sourceIPAddress: call.address,
    userAgent: call.client,
    ...(call.error === undefined ? {} : { errorCode: call.error, errorMessage: 'not authorized' }),
    requestParameters: call.parameters,
    responseElements: null,
    requestID: random.hex(16),
    eventID: `${random.hex(8)}-${random.hex(4)}-${random.hex(4)}-${random.hex(4)}-${random.hex(12)}`,
    readOnly: call.readOnly,
    eventType: 'AwsApiCall',
    managementEvent: true,
    recipientAccountId: ACCOUNT,
  }
}
