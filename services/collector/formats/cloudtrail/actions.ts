/**
 * What was done, from CloudTrail's event source and name: the action, its kind, its effect on the target, how it ended. The
 * kinds follow classes of operations, not single attacks: who may do what (admin), who is let in (auth), what runs code
 * elsewhere (exec), what speaks to agents' tools (mcp).
 */
import type { ACTION_KINDS, OUTCOMES } from '../../../../schemas/event.ts'
import { at, type Json, textOf } from '../lib/json.ts'
import { type Activity, apiActivityOf, wordsOf } from '../lib/verbs.ts'

type Kind = (typeof ACTION_KINDS)[number]
type Outcome = (typeof OUTCOMES)[number]

/** `s3.amazonaws.com` is `s3`. */
export const serviceOf = (eventSource: string): string => eventSource.replace(/\.amazonaws\.com(?:\.cn)?$/, '')

const AUTH =
  /^(?:sts:(?:Assume|GetSessionToken|GetFederationToken|GetServiceBearerToken)|signin:|sso:|cognito-idp:(?:InitiateAuth|AdminInitiateAuth)|rolesanywhere:CreateSession)/
const EXEC =
  /^(?:ssm:(?:SendCommand|StartSession|ResumeSession|StartAutomationExecution|CreateAssociation)|ecs:ExecuteCommand|ec2-instance-connect:|ec2:SendDiagnosticInterrupt|lambda:Invoke|codebuild:StartBuild|glue:StartJobRun|states:StartExecution|batch:SubmitJob|eks:AccessKubernetesApi)/
/** Services whose changes decide who may do what, or how visible it is. */
const ADMIN_SERVICES = new Set(
  'iam organizations account sso sso-directory identitystore cloudtrail config guardduty securityhub access-analyzer inspector2 macie2 detective ram kms logs controltower billing'.split(
    ' ',
  ),
)
/** Changes elsewhere that open a resource to others. */
const ADMIN_NAME =
  /(?:Policy|Permission|Permissions|Acl|PublicAccessBlock|OwnershipControls|Encryption|Logging|SecurityGroup(?:In|E)gress|ImageAttribute|SnapshotAttribute|EventSelectors)$/

export function kindOf(service: string, eventName: string, activity: Activity): Kind {
  const action = `${service}:${eventName}`
  if (service === 'bedrock-agentcore' && /^Invoke(?:Gateway|Mcp)/.test(eventName)) return 'mcp'
  if (AUTH.test(action)) return 'auth'
  if (EXEC.test(action)) return 'exec'
  const changes = activity === 'create' || activity === 'update' || activity === 'delete'
  if (changes && (ADMIN_SERVICES.has(service) || ADMIN_NAME.test(eventName))) return 'admin'
  return 'api'
}

/** Reads that are of many things, by their first word. */
const LISTS = new Set(['list', 'search', 'scan', 'enumerate'])

/** The verb of the name; where the record says that nothing changed, it was a read. */
export function operationActivity(eventName: string, readOnly: unknown): Activity {
  const activity = apiActivityOf(eventName)
  if (readOnly !== true && readOnly !== 'true') return activity
  if (activity === 'read' || activity === 'list') return activity
  if (activity === 'other') return 'other'
  return LISTS.has(wordsOf(eventName)[0] ?? '') ? 'list' : 'read'
}

const DENIED =
  /AccessDenied|Unauthorized|NotAuthorized|Forbidden|AuthFailure|InvalidClientTokenId|SignatureDoesNotMatch|ExpiredToken|InvalidAccessKeyId|TokenRefreshRequired|MissingAuthenticationToken|InvalidToken|FailedAuthentication/i
const DENIED_MESSAGE = /not authorized to perform|explicit deny|access denied|failed authentication/i

export function outcomeOf(record: Json): { outcome: Outcome; error: string } {
  const code = textOf(record.errorCode)
  const message = textOf(record.errorMessage).slice(0, 1_024)
  const login =
    textOf(at(record, 'responseElements', 'ConsoleLogin')) || textOf(at(record, 'responseElements', 'CheckMfa'))
  if (login === 'Failure') return { outcome: 'denied', error: code || 'LoginFailure' }
  // A dry run that "fails" this way says that the call would have been allowed.
  if (code.endsWith('DryRunOperation')) return { outcome: 'success', error: code }
  if (code !== '' || message !== '') {
    const denied = DENIED.test(code) || DENIED_MESSAGE.test(message)
    return { outcome: denied ? 'denied' : 'failure', error: code || 'error' }
  }
  return { outcome: 'success', error: '' }
}
