/**
 * What `start` prints once it is ready: its address, the path of the token, the lines that connect an agent, and what the
 * policy and the setting for words mean.
 */
import type { Content } from '../../../schemas/excerpt.ts'
import type { EffectivePolicy } from '../../responder/policy.ts'

export interface Banner {
  readonly url: string
  readonly otlpUrl: string
  /** Data directory. */
  readonly data: string
  /** null where the admin token was given by the environment. */
  readonly tokenFile: string | null
  readonly policy: EffectivePolicy
  readonly content: Content
}

/** What a command asks if it is told nothing. */
const DEFAULTS = { url: 'http://127.0.0.1:8080', otlpUrl: 'http://127.0.0.1:4318', data: '.moltwatch' } as const

/** What the policy in force means, so that no agent is believed to be stopped if it is not. */
function policyLines({ mode, rules, stop }: EffectivePolicy): readonly string[] {
  const contains = rules.some(({ actions }) => actions.includes('quarantine') || actions.includes('reduce-autonomy'))
  if (!contains) {
    return [
      'Quarantine: by a person alone. To contain agents that touch agent networks, put this into a file and start with',
      '--config FILE:',
      '  policy: { preset: contain-agent-networks }',
    ]
  }
  if (stop)
    return ['Quarantine: stopped. The global stop of the policy is set; what would be ordered waits for a person.']
  if (mode === 'enforce') return ['Quarantine: enforce. What the policy asks for is ordered at once, within its caps.']
  if (mode === 'propose') return ['Quarantine: propose. A person approves what the policy asks for.']
  return ['Quarantine: shadow. What the policy asks for is written down, and nothing is stopped.']
}

/** What is kept of the words of agents and their users, so that this surprises nobody later. */
const CONTENT_LINES: Readonly<Record<Content, readonly string[]>> = {
  none: ['Words: none are kept. `content: excerpts` in the configuration keeps those behind an alarm.'],
  excerpts: [
    'Words: excerpts are kept for 72 hours, 30 days with a finding: what users asked for, and sentences that agents read and that',
    'read like orders, redacted, 240 characters each. `content: none` in the configuration keeps none.',
  ],
  full: [
    'Words: whole messages, arguments and results of agents are kept, redacted, for 72 hours, 30 days with a finding. A secret in no',
    'known form stays in them. `content: excerpts` in the configuration keeps only what is needed to judge an alarm.',
  ],
}

/** A path as a word of a shell. */
const quoted = (path: string): string => (/^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`)

/** What an agent's environment needs, ready to be pasted into a shell. */
export function connectLines({ otlpUrl, tokenFile }: Pick<Banner, 'otlpUrl' | 'tokenFile'>): readonly string[] {
  const token = tokenFile === null ? '$MOLTWATCH_TOKEN' : `$(cat ${quoted(tokenFile)})`
  return [
    `export OTEL_EXPORTER_OTLP_ENDPOINT=${otlpUrl}`,
    'export OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf',
    `export OTEL_EXPORTER_OTLP_HEADERS="Authorization=Bearer ${token}"`,
    'export OTEL_SERVICE_NAME=name-of-the-agent',
    'export OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=true',
    'export OTEL_METRICS_EXPORTER=none',
  ]
}

/** The options of a command for this service, where the defaults ask another one. */
const optionsFor = ({ url, otlpUrl, data, tokenFile }: Banner): string =>
  [
    ...(url === DEFAULTS.url ? [] : ['--url', url]),
    ...(otlpUrl === DEFAULTS.otlpUrl ? [] : ['--otlp-url', otlpUrl]),
    ...(tokenFile === null || data === DEFAULTS.data ? [] : ['--data', quoted(data)]),
  ]
    .map((word) => ` ${word}`)
    .join('')

export const bannerOf = (banner: Banner): readonly string[] => [
  `moltwatch is ready at ${banner.url} (console, API, events, CloudTrail) and ${banner.otlpUrl} (OTLP logs and traces)`,
  `data: ${banner.data}`,
  banner.tokenFile === null ? 'admin token: from MOLTWATCH_TOKEN' : `admin token: ${banner.tokenFile}`,
  '',
  'Connect an agent:',
  ...connectLines(banner).map((line) => `  ${line}`),
  '',
  'Other kinds of agents, and Python packages that work together: docs/senders.md',
  `See it find something: npm run -s moltwatch -- demo${optionsFor(banner)}`,
  ...policyLines(banner.policy),
  ...CONTENT_LINES[banner.content],
]
