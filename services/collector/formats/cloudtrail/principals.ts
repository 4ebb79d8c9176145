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

const service = (name: string): Named => ({ identity: name, instance: '', kind: 'service', role: name })

function namedBy(user: Json, account: string): Named {
  const arn = textOf(user.arn)
  const fallback = arn || textOf(user.principalId) || textOf(user.userName)
  switch (user.type) {
    case 'AssumedRole':
      return assumedRole(user)
    case 'IAMUser':
      return iamUser(user)
    case 'Root':
      return {
        identity: arn || (account === '' ? '' : `arn:aws:iam::${account}:root`),
        instance: '',
        kind: 'person',
        role: 'root',
      }
    case 'AWSService':
      return service(textOf(user.invokedBy) || fallback)
    case 'FederatedUser':
    case 'SAMLUser':
    case 'IdentityCenterUser':
      return { identity: fallback || textOf(at(user, 'onBehalfOf', 'userId')), instance: '', kind: 'person', role: '' }
    case 'WebIdentityUser':
      return {
        identity: fallback,
        instance: textOf(user.userName),
        kind: 'service',
        role: textOf(user.identityProvider),
      }
    case 'AWSAccount':
      return { identity: fallback || textOf(user.accountId), instance: '', kind: 'service', role: '' }
    default: {
      // Service events carry no type, only the service and the account.
      if (ASSUMED.test(arn)) return assumedRole(user)
      const named = fallback || textOf(user.invokedBy) || textOf(user.accountId)
      return { identity: named, instance: '', kind: 'service', role: textOf(user.invokedBy) }
    }
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
  const credential = textOf(user.accessKeyId)
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
