/** Consequences of acts, also of operations that no table names. */
import { describe, expect, it } from 'vitest'
import { type Consequence, consequenceOf } from '../../../detectors/lib/consequence.ts'

const of = (
  action: string,
  activity: 'unknown' | 'create' | 'read' | 'list' | 'update' | 'delete' = 'unknown',
  kind = '',
) => consequenceOf({ action, activity, target_kind: kind })

describe('the consequence of an act', () => {
  const known: readonly (readonly [string, Consequence])[] = [
    ['s3:GetObject', 'read'],
    ['s3:ListBuckets', 'list'],
    ['lb.listeners.list', 'list'],
    ['ec2:RunInstances', 'execute'],
    ['ec2:TerminateInstances', 'delete'],
    ['iam:CreateAccessKey', 'credential'],
    ['iam:ListAccessKeys', 'list'],
    ['iam:AttachUserPolicy', 'access'],
    ['iam:DeleteRolePolicy', 'access'],
    ['secretsmanager:GetSecretValue', 'credential'],
    ['sts:AssumeRole', 'credential'],
    ['iam:UpdateLoginProfile', 'credential'],
    ['ec2-instance-connect:SendSSHPublicKey', 'credential'],
    ['cloudtrail:StopLogging', 'logging'],
    ['cloudtrail:DeleteTrail', 'logging'],
    ['logs.read', 'read'],
    ['send_email', 'send'],
    ['pods/exec', 'execute'],
    ['delete_file', 'delete'],
    ['grant_permission', 'access'],
    ['user.message', 'other'],
    ['heartbeat', 'other'],
  ]
  it.each(known)('of %s is %s', (action, wanted) => {
    expect(of(action)).toBe(wanted)
  })

  it('holds for services that nobody has heard of', () => {
    expect(of('frobnicator:PurgeWidgets')).toBe('delete')
    expect(of('frobnicator:UpdateWidgetPolicy')).toBe('access')
    expect(of('frobnicator.widgets.create')).toBe('write')
    expect(of('frobnicator:FetchWidgetPassword')).toBe('credential')
  })

  it('takes the word of the producer where the name says nothing', () => {
    expect(of('thing', 'delete')).toBe('delete')
    expect(of('thing', 'create', 'AccessKey')).toBe('credential')
    expect(of('thing', 'read', 'document')).toBe('read')
  })

  it('tells a secret from its description', () => {
    expect(of('secretsmanager:DescribeSecret', 'read')).toBe('read')
    expect(of('secretsmanager:ListSecrets', 'read')).toBe('read')
    expect(of('vault.secret.metadata.get', 'read')).toBe('read')
    expect(of('secretsmanager:GetSecretValue', 'read')).toBe('credential')
    expect(of('secretsmanager:BatchGetSecretValue', 'read')).toBe('credential')
    expect(of('get', 'read', 'secrets')).toBe('credential')
  })

  it('tells who begins to log from who makes the log see less', () => {
    expect(of('cloudtrail:StartLogging')).toBe('write')
    expect(of('cloudtrail:CreateTrail')).toBe('write')
    expect(of('guardduty:CreateDetector')).toBe('write')
    expect(of('cloudtrail:PutEventSelectors')).toBe('logging')
    expect(of('cloudtrail:UpdateTrail')).toBe('logging')
    expect(of('logging.exclusions.create')).toBe('logging')
    expect(of('create_alert_suppression')).toBe('logging')
  })

  it('is no object that inherits: a sender may choose any name', () => {
    expect(of('constructor', 'unknown')).toBe('other')
    expect(of('__proto__')).toBe('other')
  })
})
