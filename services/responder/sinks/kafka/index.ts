/**
 * A topic of Apache Kafka: each notice is one record of OCSF, findings and incidents as Detection Finding, the rest as Base
 * Event. The key is the tenant, so that a tenant's records keep their order; `metadata.uid` is the same on every attempt,
 * for readers that want each once. A record is delivered when all replicas in sync have it.
 */
import { isIP } from 'node:net'
import Type from 'typebox'
import { createTopicWriter } from '../../../lib/log/kafka/topic-writer.ts'
import { addressProblem } from '../../../lib/config/public-address.ts'
import { guardedLookup } from '../lib/connector.ts'
import { failureOf, wordsIn } from '../lib/failure.ts'
import { writeJson } from '../lib/json.ts'
import { ocsfOf } from '../lib/ocsf.ts'
import { oneLine } from '../lib/text.ts'
import { type Channel, defineSinkType, type SinkTools } from '../sink-type.ts'

const BROKERS_MAX = 32
const REASON_CHARS_MAX = 240
const MECHANISMS = ['plain', 'scram-sha-256', 'scram-sha-512'] as const

const Settings = Type.Object(
  {
    brokers: Type.Array(Type.String({ pattern: '^[^\\s:/]+:[0-9]{1,5}$', description: 'host:port' }), {
      minItems: 1,
      maxItems: BROKERS_MAX,
    }),
    topic: Type.String({ pattern: '^[A-Za-z0-9._-]{1,249}$', description: 'It must exist' }),
    ssl: Type.Boolean({ default: true }),
    ca_file: Type.Optional(Type.String({ minLength: 1, description: 'Certificates that brokers are trusted by' })),
    mechanism: Type.Enum([...MECHANISMS], { default: 'scram-sha-512', description: 'Of SASL, with a username' }),
    username: Type.Optional(Type.String({ minLength: 1, maxLength: 256 })),
    password: Type.Optional(Type.String({ minLength: 1, maxLength: 1_024, secret: true })),
    allow_private: Type.Boolean({ default: false, description: 'Allows private and loopback addresses' }),
  },
  { additionalProperties: false },
)

interface Target {
  readonly brokers: readonly string[]
  readonly topic: string
  readonly ssl: boolean
  readonly ca_file?: string
  readonly mechanism: string
  readonly username?: string
  readonly password?: string
  readonly allow_private: boolean
}

interface OcsfRecord {
  readonly key: string
  readonly document: ReturnType<typeof ocsfOf>
}

function createTopicChannel(target: Target, { resolve, timeoutMs }: SinkTools): Channel<OcsfRecord> {
  const { username, password = '', ca_file: caFile, allow_private: allowPrivate } = target
  const mechanism = target.mechanism as (typeof MECHANISMS)[number]
  const writer = createTopicWriter({
    brokers: target.brokers,
    topic: target.topic,
    tls: target.ssl,
    ...(caFile === undefined ? {} : { caFile }),
    ...(username === undefined ? {} : { sasl: { mechanism, username, password } }),
    timeoutMs,
    // Brokers advertise each other, so addresses are checked when connecting.
    lookup: guardedLookup({ allowPrivate, resolve }),
    refuses: (host) => (allowPrivate || isIP(host) === 0 ? undefined : addressProblem(host)),
  })
  return {
    async send({ key, document }, { id, nowMs }) {
      const metadata = { ...document.metadata, uid: id }
      try {
        const offset = await writer.write(key, writeJson({ ...document, metadata }), nowMs)
        return { kind: 'delivered', detail: `stored at offset ${offset}` }
      } catch (error) {
        const { message } = error as Error
        const words = wordsIn(message)
        const [broker = ''] = message.split(': Connection error')
        if (message === 'timed out') return { kind: 'failed', detail: failureOf(error, timeoutMs) }
        const why = words === undefined ? message : `${broker}: ${words}`
        return { kind: 'failed', detail: oneLine(`failed: ${why}`, REASON_CHARS_MAX) }
      }
    },
    close: async () => writer.close(),
    destroy: async () => writer.close(),
  }
}

export const kafka = defineSinkType({
  type: 'kafka',
  about: 'Records of OCSF into a topic of Apache Kafka.',
  settings: Settings,
  receives: ['findings', 'revisions', 'orders', 'notices', 'triage'],
  confirmsOrders: false,
  example: {
    brokers: ['kafka-1.example.com:9093'],
    topic: 'security.findings',
    ssl: true,
    mechanism: 'scram-sha-512',
    username: 'moltwatch',
    password: 'a-password',
    allow_private: false,
  },
  problems({ ssl, ca_file: file, username, password }) {
    const problems = []
    if (file !== undefined && !ssl) problems.push({ key: 'ca_file', message: 'is of use with ssl: true only' })
    if ((username === undefined) !== (password === undefined)) {
      problems.push({ key: 'username', message: 'and password go together' })
    }
    return problems
  },
  destination: ({ brokers, topic }) => `kafka://${brokers.join(',')}/${topic}`,
  render: (notice) => {
    const document = ocsfOf(notice)
    return { key: document.metadata.tenant_uid ?? '', document }
  },
  open: createTopicChannel,
})
