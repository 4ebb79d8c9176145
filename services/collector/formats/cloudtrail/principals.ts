/**
 * Who acted, from CloudTrail's userIdentity. The identity is what stays when sessions come and go: the role of an assumed
 * role, the user, the service. A role of IAM Identity Center (AWSReservedSSO_...) is shared by people, and its session
 * name is the person, so there the session's ARN is the identity.
 */
import { cleanId } from '../lib/clean.ts'
import { at, type Json, objectOf, textOf } from '../lib/json.ts'

export interface Principal {
  /** '' where the record names nobody. */
  readonly identity: string
  readonly instance: string
  readonly kind: 'agent' | 'service' | 'person'
  readonly role: string
  readonly owner: string
  readonly credential: string
  readonly session: string
  readonly behalf: readonly string[]
}

const ASSUMED = /^arn:([^:]+):sts::(\d*):assumed-role\/(?:.*\/)?([^/]+)\/([^/]+)$/
const SSO_ROLE = /AWSReservedSSO_/
/** Names of sessions and clients that are agents by their own word. */
const AGENT =
  /\bagent(?:s|core)?\b|bedrock-agent|\bllm\b|\bmcp\b|claude|copilot|langchain|crewai|autogen|openai-agents/i
/** The agents of the machine, not of a model. */
const NOT_AGENT = /amazon-ssm-agent|cloudwatch-?agent|ecs-agent|codedeploy-agent|user-?agent/i

export const looksLikeAgent = (text: string): boolean => AGENT.test(text) && !NOT_AGENT.test(text)

interface Named {
  readonly identity: string
  readonly instance: string
  readonly kind: Principal['kind']
  readonly role: string
}

function assumedRole(user: Json): Named {
  const arn = cleanId(textOf(user.arn))
  const principal = cleanId(textOf(user.principalId))
  const parts = ASSUMED.exec(arn)
  const issuer = objectOf(at(user, 'sessionContext', 'sessionIssuer'))
  const role = textOf(issuer.userName) || parts?.[3] || textOf(user.userName)
  const session = parts?.[4] ?? principal.split(':')[1] ?? ''
  if (SSO_ROLE.test(role) && arn !== '') return { identity: arn, instance: '', kind: 'person', role }
  const derived = parts === null ? '' : `arn:${parts[1]}:iam::${parts[2]}:role/${parts[3]}`
  const account = textOf(user.accountId)
  const built = role !== '' && account !== '' ? `arn:aws:iam::${account}:role/${role}` : role
  const identity = textOf(issuer.arn) || derived || built || principal.split(':')[0] || ''
  return { identity, instance: session, kind: looksLikeAgent(`${role} ${session}`) ? 'agent' : 'service', role }
}

function iamUser(user: Json): Named {
  const userName = textOf(user.userName)
  const account = textOf(user.accountId)
  const built = userName !== '' && account !== '' ? `arn:aws:iam::${account}:user/${userName}` : userName
  const identity = textOf(user.arn) || built || textOf(user.principalId)
  return { identity, instance: '', kind: looksLikeAgent(userName) ? 'agent' : 'person', role: userName }
}

const plain = (identity: string, kind: Named['kind'], role = ''): Named => ({ identity, instance: '', kind, role })

/** The id of a role with the name of its session, as records of calls from another account have it. */
const ROLE_SESSION = /^(AROA[A-Z0-9]+):(.+)$/

/** A caller of another account: its role or user by its unique id, else its account, else only that it was another. */
function otherAccount(user: Json): Named {
  if (ASSUMED.test(textOf(user.arn))) return assumedRole(user)
  const principal = cleanId(textOf(user.principalId))
  const [, role, session = ''] = ROLE_SESSION.exec(principal) ?? []
  const identity = textOf(user.arn) || role || principal || textOf(user.userName) || textOf(user.accountId)
  const kind = looksLikeAgent(session) ? 'agent' : 'service'
  return { identity: identity || 'AWSAccount', instance: session, kind, role: '' }
}

/** A user of a directory. Records of sign-ins have the account's number in the place of the user's id. */
function directoryUser(user: Json): Named {
  const principal = textOf(user.principalId)
  const own = principal === textOf(user.accountId) ? '' : principal
  const person = textOf(at(user, 'onBehalfOf', 'userId')) || own || textOf(user.userName)
  return plain(textOf(user.arn) || person, 'person')
}

/** Service events carry no type, only the service and the account. */
function untyped(user: Json): Named {
  const arn = textOf(user.arn)
  if (ASSUMED.test(arn)) return assumedRole(user)
  const named = arn || textOf(user.principalId) || textOf(user.userName)
  return plain(named || textOf(user.invokedBy) || textOf(user.accountId), 'service', textOf(user.invokedBy))
}

/** The documented types of https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html */
function namedBy(user: Json, account: string): Named {
  const arn = textOf(user.arn)
  const fallback = arn || textOf(user.principalId) || textOf(user.userName)
  switch (user.type) {
    case 'AssumedRole':
      return assumedRole(user)
    case 'IAMUser':
      return iamUser(user)
    case 'Root':
      return plain(arn || (account === '' ? '' : `arn:aws:iam::${account}:root`), 'person', 'root')
    case 'AWSService': {
      const name = textOf(user.invokedBy) || fallback
      return plain(name, 'service', name)
    }
    case 'FederatedUser':
      return plain(fallback, looksLikeAgent(fallback) ? 'agent' : 'person')
    case 'SAMLUser':
      return plain(fallback, 'person')
    case 'IdentityCenterUser':
    case 'Directory':
      return directoryUser(user)
    case 'WebIdentityUser':
      return { ...plain(fallback, 'service', textOf(user.identityProvider)), instance: textOf(user.userName) }
    case 'AWSAccount':
      return otherAccount(user)
    case 'Unknown': {
      const isUser = arn === '' && (textOf(user.userName) !== '' || user.onBehalfOf !== undefined)
      return isUser ? directoryUser(user) : untyped(user)
    }
    default:
      return untyped(user)
  }
}

/** On whose behalf, the first caller first: a person behind the session, then the service that called. */
function behalfOf(user: Json, identity: string): string[] {
  const chain = [
    textOf(at(user, 'sessionContext', 'sourceIdentity')),
    textOf(at(user, 'onBehalfOf', 'userId')),
    user.type === 'FederatedUser' ? textOf(at(user, 'sessionContext', 'sessionIssuer', 'arn')) : '',
    textOf(at(user, 'sessionContext', 'webIdFederationData', 'federatedProvider')),
    textOf(user.invokedBy),
  ]
  return [...new Set(chain)].filter((caller) => caller !== '' && caller !== identity)
}

/** Words in the place of an account number, such as ANONYMOUS_PRINCIPAL, own nothing: the account that was called does. */
const ownerOf = (own: string, called: string): string =>
  /^\d{12}$/.test(own) || called === '' ? own || called : called

/** The principal of a record. `account` is where the record was delivered. */
export function principalOf(user: Json, account: string, userAgent: string): Principal {
  const named = namedBy(user, account)
  const credential = textOf(user.accessKeyId) || textOf(user.credentialId)
  return {
    ...named,
    kind: named.kind === 'service' && looksLikeAgent(userAgent) ? 'agent' : named.kind,
    owner: ownerOf(textOf(user.accountId), account),
    credential,
    // A temporary key lives as long as one session; a lasting key says nothing about sessions.
    session: credential.startsWith('ASIA') || (user.type === 'AssumedRole' && credential !== '') ? credential : '',
    behalf: behalfOf(user, named.identity),
  }
}
