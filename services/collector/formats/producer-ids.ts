/**
 * The table of names: for each format what the producer's id of a record is, which field is the identity, which the
 * instance, and what the credential is. `docs/formats.md` prints it; a test compares the two. The functions below make
 * producer ids from the parts that the table names.
 *
 * An id depends on the producer's data alone: never on the door, the receipt, the tenant's key or the batch.
 */
import { H } from '../../../schemas/ids.ts'
import { canonical } from './lib/json.ts'
import type { Format } from './types.ts'

export interface FormatNames {
  readonly format: Format
  readonly records: string
  readonly producerId: string
  readonly identity: string
  readonly instance: string
  readonly owner: string
  readonly session: string
  readonly credential: string
}

export const FORMAT_NAMES: readonly FormatNames[] = [
  {
    format: 'otlp',
    records: 'tool call, tool result',
    producerId: 'identity, gen_ai.conversation.id, gen_ai.tool.call.id, event name, time',
    identity: 'gen_ai.agent.id, else gen_ai.agent.name, else service.name',
    instance: 'service.instance.id',
    owner: 'service.namespace, else service.name',
    session: 'gen_ai.conversation.id, else session.id, else mcp.session.id',
    credential: 'HMAC(k, SHA-256(secret)) of http.request.header.authorization or x-api-key',
  },
  {
    format: 'otlp',
    records: 'user message',
    producerId: 'identity, gen_ai.conversation.id, time, H(text)',
    identity: 'as above',
    instance: 'as above',
    owner: 'as above',
    session: 'as above',
    credential: 'as above',
  },
  {
    format: 'otlp',
    records: 'any other log record',
    producerId:
      'log.record.uid; else H(identity, session, record without observedTimeUnixNano), number of equals before it in the request',
    identity: 'as above',
    instance: 'as above',
    owner: 'as above',
    session: 'as above',
    credential: 'as above',
  },
  {
    format: 'cloudtrail',
    records: 'every record',
    producerId: 'eventID; without one H(record), number of equals before it in the request',
    identity:
      'assumed role: ARN of the role; SSO role: ARN of the session, because the session is the person; IAM user: its ARN; federated user, root: ARN; service: invokedBy; else principalId or account',
    instance: 'assumed role: session name',
    owner: 'userIdentity.accountId, else recipientAccountId',
    session: 'accessKeyId of temporary credentials (ASIA...)',
    credential: 'accessKeyId',
  },
  {
    format: 'events',
    records: 'every event',
    producerId: 'identity, id; without one H(event), number of equals before it in the request',
    identity: 'identity, else agent',
    instance: 'instance',
    owner: 'owner',
    session: 'session',
    credential: 'credential (an id), else HMAC(k, SHA-256(credential_secret))',
  },
]

/** Joins the parts of a producer id; no part can run into the next. */
export const producerId = (...parts: readonly (string | number)[]): string => H(...parts)

/**
 * Ids for records that bring none: the hash of the body and the number of equal bodies before it in the request. Sent
 * again, the same request gives the same ids; two equal records of one request stay two events.
 */
export function createBodyIds(): (body: unknown) => string {
  const seen = new Map<string, number>()
  return (body) => {
    const hash = H('body', canonical(body))
    const before = seen.get(hash) ?? 0
    seen.set(hash, before + 1)
    return H(hash, before)
  }
}
