/**
 * PagerDuty, through its Events API v2. An incident has one alert, named by its id: paging triggers it, and triage
 * acknowledges and resolves it. Other notices trigger alerts of their own.
 */
import Type from 'typebox'
import type { Notice } from '../../../../schemas/notice.ts'
import { openJson } from '../lib/json.ts'
import { stepOf } from '../lib/steps.ts'
import { type Summary, summaryOf } from '../lib/summary.ts'
import { oneLine } from '../lib/text.ts'
import { allowPrivateSetting, caFileSetting, urlProblems } from '../lib/url.ts'
import { defineSinkType } from '../sink-type.ts'

const SUMMARY_CHARS_MAX = 1_024
const KEY_CHARS_MAX = 255
const FACT_CHARS_MAX = 1_024

const SEVERITY: Readonly<Record<Summary['severity'], 'critical' | 'error' | 'warning' | 'info'>> = {
  critical: 'critical',
  high: 'error',
  medium: 'warning',
  low: 'info',
  info: 'info',
}

function render(notice: Notice, { routing_key: key }: { readonly routing_key: string }): string {
  const { severity, title, text, tenant, identity, subject, facts } = summaryOf(notice)
  const action = stepOf(notice.type)
  const event = { routing_key: key, event_action: action, dedup_key: oneLine(subject || notice.type, KEY_CHARS_MAX) }
  if (action !== 'trigger') return JSON.stringify(event)
  return JSON.stringify({
    ...event,
    client: 'moltwatch',
    payload: {
      summary: oneLine(title, SUMMARY_CHARS_MAX),
      source: identity || tenant || 'moltwatch',
      severity: SEVERITY[severity],
      timestamp: notice.time,
      class: notice.type,
      group: tenant,
      custom_details: {
        why: oneLine(text, FACT_CHARS_MAX),
        ...Object.fromEntries(facts.map(([name, value]) => [name, oneLine(value, FACT_CHARS_MAX)])),
      },
    },
  })
}

const Settings = Type.Object(
  {
    routing_key: Type.String({
      pattern: '^[A-Za-z0-9]{32}$',
      description: 'Integration key of a service, of the type Events API v2',
      secret: true,
    }),
    url: Type.String({
      default: 'https://events.pagerduty.com/v2/enqueue',
      description: 'https://events.eu.pagerduty.com/v2/enqueue for the service region EU',
    }),
    ca_file: caFileSetting(),
    allow_private: allowPrivateSetting(),
  },
  { additionalProperties: false },
)

export const pagerduty = defineSinkType({
  type: 'pagerduty',
  about: 'Alerts through the PagerDuty Events API v2, which follow the triage of their incident.',
  settings: Settings,
  receives: ['notices', 'triage'],
  confirmsOrders: false,
  example: {
    routing_key: '0123456789abcdef0123456789abcdef',
    url: 'https://events.pagerduty.com/v2/enqueue',
    allow_private: false,
  },
  problems: urlProblems,
  destination: ({ url, routing_key: key }) => `${url}#${key}`,
  render,
  open: (settings, tools) => openJson(settings, tools),
})
