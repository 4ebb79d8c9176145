/**
 * Slack, through an incoming webhook: a line for notifications and a card with the facts. The URL lets anybody post, so
 * it is a secret. `&`, `<` and `>` are escaped, because Slack makes links and mentions of what is between the last two.
 */
import Type from 'typebox'
import type { Notice } from '../../../../schemas/notice.ts'
import { isRemovedAddress, openJson } from '../lib/json.ts'
import { type Summary, summaryOf } from '../lib/summary.ts'
import { oneLine } from '../lib/text.ts'
import { allowPrivateSetting, caFileSetting, urlProblems, urlSetting } from '../lib/url.ts'
import { defineSinkType } from '../sink-type.ts'

/** Slack's bounds: characters of a header, of a text, of a field; fields of a section. */
const HEADER_CHARS_MAX = 150
const TEXT_CHARS_MAX = 2_900
const FIELD_CHARS_MAX = 1_900
const FIELDS_MAX = 10

const COLOURS: Readonly<Record<Summary['severity'], string>> = {
  info: '#7a869a',
  low: '#2f80ed',
  medium: '#f2c94c',
  high: '#f2994a',
  critical: '#eb5757',
}

/** Escaping makes a text at most five times as long; it is cut before, so that no entity is. */
const mrkdwn = (text: string, max: number): string =>
  oneLine(text, Math.floor(max / 5))
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')

function render(notice: Notice): string {
  const { severity, title, text, tenant, facts } = summaryOf(notice)
  const shown = [['severity', severity], ['tenant', tenant], ...facts] as const
  const fields = shown
    .filter(([, value]) => value !== '')
    .slice(0, FIELDS_MAX)
    .map(([name, value]) => ({ type: 'mrkdwn', text: `*${name}*\n${mrkdwn(value, FIELD_CHARS_MAX)}` }))
  return JSON.stringify({
    text: mrkdwn(title, TEXT_CHARS_MAX),
    attachments: [
      {
        color: COLOURS[severity],
        blocks: [
          { type: 'header', text: { type: 'plain_text', text: oneLine(title, HEADER_CHARS_MAX), emoji: false } },
          { type: 'section', text: { type: 'mrkdwn', text: mrkdwn(text, TEXT_CHARS_MAX) } },
          { type: 'section', fields },
        ],
      },
    ],
  })
}

const Settings = Type.Object(
  {
    url: urlSetting('https://hooks.slack.com/services/..., from an app with incoming webhooks', true),
    ca_file: caFileSetting(),
    allow_private: allowPrivateSetting(),
  },
  { additionalProperties: false },
)

export const slack = defineSinkType({
  type: 'slack',
  about: 'Messages into a Slack channel, through an incoming webhook.',
  settings: Settings,
  receives: ['findings', 'orders', 'notices', 'triage'],
  confirmsOrders: false,
  example: { url: 'https://hooks.slack.com/services/T00/B00/XXXX', allow_private: false },
  problems: urlProblems,
  destination: ({ url }) => url,
  render,
  // Slack answers 410 where the channel was archived, and 404 where the webhook was removed.
  open: (settings, tools) => openJson(settings, tools, { isGone: isRemovedAddress }),
})
