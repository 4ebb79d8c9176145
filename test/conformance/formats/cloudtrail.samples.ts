/** Samples of CloudTrail. */
import { type FormatSamples, flatWithTime, recorded } from './samples.ts'

const USER = {
  type: 'IAMUser',
  arn: 'arn:aws:iam::111122223333:user/alice',
  accountId: '111122223333',
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  userName: 'alice',
}
const ROLE = {
  type: 'AssumedRole',
  principalId: 'AROAEXAMPLE:deploy-1',
  arn: 'arn:aws:sts::111122223333:assumed-role/deploy/deploy-1',
  accountId: '111122223333',
  accessKeyId: 'ASIAIOSFODNN7EXAMPLE',
  sessionContext: {
    sessionIssuer: { type: 'Role', arn: 'arn:aws:iam::111122223333:role/deploy', userName: 'deploy' },
    sourceIdentity: 'bob',
  },
}
const trail = (eventSource: string, eventName: string, userIdentity: unknown, more: Record<string, unknown> = {}) => ({
  eventVersion: '1.09',
  userIdentity,
  eventTime: '2026-03-01T12:00:00Z',
  eventSource: `${eventSource}.amazonaws.com`,
  eventName,
  awsRegion: 'eu-west-1',
  sourceIPAddress: '203.0.113.9',
  userAgent: 'aws-cli/2.15.0 Python/3.11.6',
  recipientAccountId: '111122223333',
  eventID: `${eventSource}-${eventName}`,
  ...more,
})

const CLOUDTRAIL_REQUESTS: readonly unknown[] = [
  {
    Records: [
      trail('s3', 'GetObject', ROLE, { requestParameters: { bucketName: 'data', key: 'a/b.csv' }, readOnly: true }),
      trail('iam', 'CreateAccessKey', USER, {
        requestParameters: { userName: 'bob' },
        responseElements: { accessKey: { accessKeyId: 'AKIAI44QH8DHBEXAMPLE' } },
      }),
      trail('signin', 'ConsoleLogin', USER, {
        responseElements: { ConsoleLogin: 'Failure' },
        errorMessage: 'Failed authentication',
      }),
      trail('ec2', 'RunInstances', ROLE, {
        errorCode: 'Client.UnauthorizedOperation',
        errorMessage: 'You are not authorized to perform this operation.',
      }),
      trail(
        'kms',
        'Decrypt',
        { type: 'AWSService', invokedBy: 'rds.amazonaws.com' },
        { sourceIPAddress: 'rds.amazonaws.com', userAgent: 'rds.amazonaws.com' },
      ),
      trail('sns', 'Subscribe', ROLE, {
        requestParameters: { endpoint: 'https://hooks.example.org/x', protocol: 'https' },
      }),
      trail(
        'secretsmanager',
        'EndSecretVersionDelete',
        { accountId: '111122223333', invokedBy: 'secretsmanager.amazonaws.com' },
        { eventType: 'AwsServiceEvent' },
      ),
    ],
  },
  {
    'detail-type': 'AWS API Call via CloudTrail',
    detail: trail('sts', 'AssumeRole', { type: 'Root', accountId: '111122223333' }),
  },
]

const trailRecords = (request: unknown): Record<string, unknown>[] => {
  const body = request as { Records?: Record<string, unknown>[]; detail?: Record<string, unknown> }
  return body.Records ?? [body.detail ?? body]
}

/** The vendor's test records that name nobody, or no service, are no events: those are for the unit tests. */
const namesActor = (record: unknown): boolean => {
  const { userIdentity, eventSource } = record as { userIdentity?: object; eventSource?: string }
  return userIdentity !== undefined && eventSource !== undefined
}

export const samples: FormatSamples = {
  own: CLOUDTRAIL_REQUESTS,
  recorded: recorded('cloudtrail.ndjson').filter(namesActor),
  split: trailRecords,
  withTime: flatWithTime('eventTime', trailRecords),
}
