/** What follows from the configuration file for every process: its topics and its tokens. */
import { LIMITS } from '../../schemas/limits.ts'
import { type TopicSpec, topicSpecs } from '../../schemas/topics.ts'
import type { TokenSpec } from '../lib/auth.ts'
import { type ServiceConfiguration, tokenSpecs } from '../lib/config.ts'
import type { LiveTokens } from '../lib/live-tokens.ts'
import type { Logger } from '../lib/logger.ts'

const DAY_MS = 86_400_000
const KEPT_AS_CONFIGURED = ['events', 'signals']

/** The topics, with the retention of the configuration if it names one. */
export function topicsOf(config: ServiceConfiguration): readonly TopicSpec[] {
  const retentionMs = config.retention.log_days * DAY_MS
  const partitions = config.kafka?.partitions ?? LIMITS.partitions_default
  return topicSpecs(partitions).map((spec) =>
    KEPT_AS_CONFIGURED.includes(spec.name) ? { ...spec, retentionMs } : spec,
  )
}

/** The configured tokens and, if there is one, the admin token of the tenant `default`. */
export function tokensOf(config: ServiceConfiguration, adminToken: string | undefined): readonly TokenSpec[] {
  const admin: readonly TokenSpec[] =
    adminToken === undefined
      ? []
      : [{ name: 'admin', tenant: 'default', role: 'admin', scopes: ['live', 'history'], token: adminToken }]
  return [...admin, ...tokenSpecs(config.tokens)]
}

/** Puts the tokens of a changed configuration in force. */
export function replaceTokens(live: LiveTokens, tokens: readonly TokenSpec[], logger: Logger): void {
  const { added, removed } = live.replace(tokens)
  if (added.length + removed.length > 0) {
    logger.info({ added, removed }, 'tokens have changed: what was removed is refused from now on')
  }
}
