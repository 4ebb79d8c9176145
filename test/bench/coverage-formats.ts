/**
 * Prints what of recorded audit logs becomes events, by type of log: the share of records that become one, and of those that
 * say who, on what, how it ended and from where, the share whose event says it, too. A record that says nothing of it does
 * not count. The folder holds files of lines `{"log_type", "log"}`, plain or gzip.
 *
 *   npm run coverage:formats -- FOLDER
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { toolOptions } from '../../scripts/tool-options.ts'
import type { Event } from '../../schemas/event.ts'
import { at, textOf } from '../../services/collector/formats/lib/json.ts'
import { createExtractor } from '../../services/collector/indicators/index.ts'
import { normalise } from '../../services/collector/normalise.ts'

interface Line {
  readonly log_type: string
  readonly log: unknown
}

type Asked = 'identity' | 'action' | 'target' | 'outcome' | 'source_address'
const ASKED: readonly Asked[] = ['identity', 'action', 'target', 'outcome', 'source_address']

/** Where the records of a type say it, from the documents of their makers. */
const SAID: ReadonlyMap<string, Readonly<Record<Asked, readonly string[]>>> = new Map([
  [
    'AWS.CloudTrail',
    {
      identity: ['userIdentity.arn', 'userIdentity.principalId', 'userIdentity.userName', 'userIdentity.invokedBy'],
      action: ['eventName'],
      target: ['resources'],
      outcome: ['errorCode', 'responseElements', 'eventTime'],
      source_address: ['sourceIPAddress'],
    },
  ],
  [
    'Amazon.EKS.Audit',
    {
      identity: ['user.username', 'impersonatedUser.username'],
      action: ['verb'],
      target: ['objectRef.resource', 'requestURI'],
      outcome: ['responseStatus.code'],
      source_address: ['sourceIPs'],
    },
  ],
  [
    'Anthropic.Activity',
    {
      identity: ['actor.email_address', 'actor.user_id'],
      action: ['type'],
      target: ['claude_artifact_id', 'mcp_server_id', 'deleted_user_id'],
      outcome: ['type'],
      source_address: ['actor.ip_address'],
    },
  ],
  [
    'Azure.Audit',
    {
      identity: [
        'properties.userPrincipalName',
        'properties.servicePrincipalId',
        'properties.initiatedBy.user.userPrincipalName',
        'properties.initiatedBy.app.displayName',
        'identity',
      ],
      action: ['operationName'],
      target: ['properties.targetResources', 'properties.resourceDisplayName'],
      outcome: ['resultType', 'resultSignature', 'properties.result'],
      source_address: ['callerIpAddress', 'properties.ipAddress'],
    },
  ],
  [
    'Azure.MonitorActivity',
    {
      identity: ['identity.claims', 'identity.type', 'identity.authorization', 'caller'],
      action: ['operationName'],
      target: ['resourceId', 'properties.resource'],
      outcome: ['resultType', 'resultSignature'],
      source_address: ['callerIpAddress'],
    },
  ],
  [
    'GCP.AuditLog',
    {
      identity: ['protoPayload.authenticationInfo.principalEmail', 'protoPayload.authenticationInfo.principalSubject'],
      action: ['protoPayload.methodName'],
      target: ['protoPayload.resourceName'],
      outcome: ['protoPayload.status', 'protoPayload.authorizationInfo'],
      source_address: ['protoPayload.requestMetadata.callerIp'],
    },
  ],
  [
    'GitHub.Audit',
    {
      identity: ['actor'],
      action: ['action'],
      target: ['repo', 'repository', 'user', 'team', 'org'],
      outcome: ['action'],
      source_address: ['actor_ip'],
    },
  ],
  [
    'Okta.SystemLog',
    {
      identity: ['actor.alternateId', 'actor.id', 'actor.displayName'],
      action: ['eventType'],
      target: ['target'],
      outcome: ['outcome.result'],
      source_address: ['client.ipAddress', 'request.ipChain'],
    },
  ],
  [
    'OpenAI.Audit',
    {
      identity: ['actor.session.user.id', 'actor.api_key.id'],
      action: ['type'],
      target: [
        'api_key_created.id',
        'api_key_updated.id',
        'api_key_deleted.id',
        'role_assignment_created.id',
        'role_assignment_deleted.id',
      ],
      outcome: ['type'],
      source_address: ['actor.session.ip_address'],
    },
  ],
])

const KEY = Buffer.from('moltwatch coverage, a public key')

const isSaid = (value: unknown): boolean =>
  Array.isArray(value)
    ? value.length > 0
    : typeof value === 'object' && value !== null
      ? Object.keys(value).length > 0
      : textOf(value) !== ''

const says = (record: unknown, paths: readonly string[]): boolean =>
  paths.some((path) => isSaid(at(record, ...path.split('.'))))

/** The event of a record; undefined where it becomes none. */
function eventOf(record: unknown): Event | undefined {
  const result = normalise('auto', record, {
    tenant: 'default',
    sender: '',
    receiptTime: Date.UTC(2027, 0, 1),
    history: false,
    assurance: 'claimed',
    extractor: createExtractor({ key: KEY }),
    hashCredential: (secret) => `hash of ${secret.length} characters`,
  })
  return result.ok ? result.events[0] : undefined
}

const tellsOf = (event: Event, field: Asked): boolean =>
  field === 'outcome' ? event.outcome !== 'unknown' : event[field] !== ''

function linesIn(folder: string): Line[] {
  return readdirSync(folder)
    .filter((file) => /\.ndjson(?:\.gz)?$/.test(file))
    .toSorted()
    .flatMap((file) => {
      const bytes = readFileSync(join(folder, file))
      const text = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8')
      return text
        .split('\n')
        .filter((line) => line.trim() !== '')
        .map((line) => JSON.parse(line) as Line)
    })
}

const share = (part: number, whole: number): string => (whole === 0 ? '-' : `${part}/${whole}`)

function rowOf(type: string, lines: readonly Line[]): string {
  const made = lines.map(({ log }) => ({ log, event: eventOf(log) }))
  const events = made.filter(({ event }) => event !== undefined).length
  const paths = SAID.get(type)
  const cells = ASKED.map((field) => {
    const asked = made.filter(({ log }) => paths !== undefined && says(log, paths[field]))
    return share(asked.filter(({ event }) => event !== undefined && tellsOf(event, field)).length, asked.length)
  })
  return `| ${[type, share(events, lines.length), ...cells].join(' | ')} |`
}

const { positionals } = toolOptions(import.meta.url, { allowPositionals: true })
const [folder] = positionals
if (folder === undefined) {
  process.stderr.write('name the folder: npm run coverage:formats -- FOLDER\n')
  process.exitCode = 2
} else {
  const byType = Map.groupBy(linesIn(folder), ({ log_type: type }) => type)
  process.stdout.write(
    '| log | become an event | identity | action | target | outcome | source |\n|---|---|---|---|---|---|---|\n',
  )
  for (const type of [...byType.keys()].toSorted()) process.stdout.write(`${rowOf(type, byType.get(type) ?? [])}\n`)
}
