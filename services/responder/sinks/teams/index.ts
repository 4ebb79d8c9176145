/**
 * Microsoft Teams, through a workflow that starts when a webhook request is received: a message with one adaptive card.
 * Texts go into text runs, the one element of a card that reads no Markdown, so nothing that a log contains becomes a
 * link. The URL lets anybody post, so it is a secret.
 */
import Type from 'typebox'
import type { Notice } from '../../../../schemas/notice.ts'
import { isRemovedAddress, openJson } from '../lib/json.ts'
import { type Summary, summaryOf } from '../lib/summary.ts'
import { oneLine } from '../lib/text.ts'
import { allowPrivateSetting, caFileSetting, urlProblems, urlSetting } from '../lib/url.ts'
import { defineSinkType } from '../sink-type.ts'

/** Teams accepts 28 kB per message; what is shown stays far below it, however its characters are encoded. */
const TITLE_CHARS_MAX = 250
const TEXT_CHARS_MAX = 1_500
const FACT_CHARS_MAX = 300
const FACTS_MAX = 12

const COLOURS: Readonly<Record<Summary['severity'], string>> = {
  info: 'default',
  low: 'accent',
  medium: 'warning',
  high: 'attention',
  critical: 'attention',
}

/** A time or date function of cards begins with two braces. */
const shown = (text: string, max: number): string => oneLine(text, max).replaceAll('{{', '{ {')

const run = (text: string, style: object = {}): object => ({ type: 'TextRun', text, ...style })
const block = (...inlines: readonly object[]): object => ({ type: 'RichTextBlock', inlines })

function render(notice: Notice): string {
  const { severity, title, text, tenant, facts } = summaryOf(notice)
  const lines = [['severity', severity], ['tenant', tenant], ...facts] as const
  const card = {
    $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
    type: 'AdaptiveCard',
    version: '1.4',
    fallbackText: shown(title, TITLE_CHARS_MAX),
    body: [
      block(run(shown(title, TITLE_CHARS_MAX), { size: 'large', weight: 'bolder', color: COLOURS[severity] })),
      block(run(shown(text, TEXT_CHARS_MAX))),
      ...lines
        .filter(([, value]) => value !== '')
        .slice(0, FACTS_MAX)
        .map(([name, value]) => block(run(`${name}: `, { weight: 'bolder' }), run(shown(value, FACT_CHARS_MAX)))),
    ],
  }
  const attachment = { contentType: 'application/vnd.microsoft.card.adaptive', contentUrl: null, content: card }
  return JSON.stringify({ type: 'message', attachments: [attachment] })
}

const Settings = Type.Object(
  {
    url: urlSetting('Of a workflow that starts when a Teams webhook request is received', true),
    ca_file: caFileSetting(),
    allow_private: allowPrivateSetting(),
  },
  { additionalProperties: false },
)

export const teams = defineSinkType({
  type: 'teams',
  about: 'Cards into a Microsoft Teams channel, through a workflow.',
  settings: Settings,
  receives: ['findings', 'orders', 'notices', 'triage'],
  confirmsOrders: false,
  example: { url: 'https://example.logic.azure.com/workflows/0123/triggers/manual/paths/invoke', allow_private: false },
  problems: urlProblems,
  destination: ({ url }) => url,
  render,
  // A workflow that was removed is 404 or 410.
  open: (settings, tools) => openJson(settings, tools, { isGone: isRemovedAddress }),
})
