/** Requests of Amazon Data Firehose. */
import { gzipSync } from 'node:zlib'
import { EVENTS, type InputSamples } from './samples.ts'

const path = '/v1/firehose'
const headers = {
  'content-type': 'application/json',
  'x-amz-firehose-request-id': 'ed4acda5',
  'x-amz-firehose-protocol-version': '1.0',
}
const request = (data: readonly (string | Buffer)[]): string =>
  JSON.stringify({
    requestId: 'ed4acda5',
    timestamp: 1,
    records: data.map((one) => ({ data: Buffer.from(one).toString('base64') })),
  })
const CLOUDTRAIL = {
  eventVersion: '1.11',
  userIdentity: {
    type: 'IAMUser',
    arn: 'arn:aws:iam::111122223333:user/report',
    accountId: '111122223333',
    userName: 'report',
  },
  eventTime: '2026-03-01T12:00:00Z',
  eventSource: 'ec2.amazonaws.com',
  eventName: 'DescribeInstances',
  awsRegion: 'eu-west-1',
  eventID: 'firehose-1',
}
const subscription = gzipSync(
  JSON.stringify({
    messageType: 'DATA_MESSAGE',
    owner: '111122223333',
    logGroup: 'trail',
    logEvents: [{ id: '1', timestamp: 1, message: JSON.stringify(CLOUDTRAIL) }],
  }),
)
const control = gzipSync(
  JSON.stringify({
    messageType: 'CONTROL_MESSAGE',
    logEvents: [{ message: 'CWL CONTROL MESSAGE: Checking health of destination Firehose.' }],
  }),
)

export const samples: InputSamples = {
  requests: [
    { path, body: request([EVENTS.map((event) => JSON.stringify(event)).join('\n')]), headers, records: EVENTS },
    { path, body: request([subscription, control]), headers, records: [CLOUDTRAIL] },
    {
      path,
      body: request([
        JSON.stringify({ version: '0', 'detail-type': 'AWS API Call via CloudTrail', detail: CLOUDTRAIL }),
      ]),
      headers,
      records: [CLOUDTRAIL],
    },
  ],
  mixed: { path, body: request([...EVENTS.map((event) => JSON.stringify(event)), 'no JSON']), headers },
  bad: [
    { path, body: request(['no JSON']), headers },
    { path, body: request([Buffer.from([0x1f, 0x8b, 1, 2])]), headers },
    { path, body: '{"records": 7}', headers },
  ],
  token: (token) => ({ 'x-amz-firehose-access-key': token }),
}
