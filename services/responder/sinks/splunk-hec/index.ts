/**
 * Splunk, through its HTTP Event Collector: each notice is one event with the whole of its data, so that searches see what
 * the API shows. Only the answer's code 0 says that it was taken.
 */
import Type from 'typebox'
import type { Notice } from '../../../../schemas/notice.ts'
import type { Refusal } from '../lib/http.ts'
import { openJson } from '../lib/json.ts'
import { summaryOf } from '../lib/summary.ts'
import { oneLine } from '../lib/text.ts'
import { allowPrivateSetting, caFileSetting, urlProblems, urlSetting } from '../lib/url.ts'
import { defineSinkType } from '../sink-type.ts'

const PATH = '/services/collector/event'
const NAME_CHARS_MAX = 256
const REASON_CHARS_MAX = 200

const Settings = Type.Object(
  {
    url: urlSetting('Of the collector, as https://splunk.example.com:8088'),
    token: Type.String({ minLength: 1, maxLength: NAME_CHARS_MAX, pattern: '^[!-~]+$', secret: true }),
    index: Type.Optional(Type.String({ minLength: 1, maxLength: NAME_CHARS_MAX, description: "Default: the token's" })),
    sourcetype: Type.String({ minLength: 1, maxLength: NAME_CHARS_MAX, default: 'moltwatch:notice' }),
    ca_file: caFileSetting(),
    allow_private: allowPrivateSetting(),
  },
  { additionalProperties: false },
)

function render(notice: Notice, settings: { readonly index?: string; readonly sourcetype: string }): string {
  const { severity, title, identity } = summaryOf(notice)
  return JSON.stringify({
    time: Date.parse(notice.time) / 1_000,
    host: 'moltwatch',
    source: 'moltwatch',
    sourcetype: settings.sourcetype,
    ...(settings.index === undefined ? {} : { index: settings.index }),
    event: { type: notice.type, severity, title, identity, time: notice.time, data: notice.data },
  })
}

/** What the collector's answer says if it is not success. */
function refusal(text: string): Refusal | undefined {
  try {
    const { code, text: words } = JSON.parse(text) as { readonly code?: unknown; readonly text?: unknown }
    const said = typeof words === 'string' ? `: ${oneLine(words, REASON_CHARS_MAX)}` : ''
    return code === 0 ? undefined : { detail: `said code ${String(code).slice(0, 20)}${said}` }
  } catch {
    return { detail: 'said nothing that a Splunk collector says' }
  }
}

export const splunkHec = defineSinkType({
  type: 'splunk-hec',
  about: 'Events into Splunk, through its HTTP Event Collector.',
  settings: Settings,
  receives: ['findings', 'revisions', 'orders', 'notices', 'triage'],
  confirmsOrders: false,
  example: {
    url: 'https://splunk.example.com:8088',
    token: '00000000-0000-0000-0000-000000000000',
    sourcetype: 'moltwatch:notice',
    allow_private: false,
  },
  problems: urlProblems,
  destination: ({ url }) => url,
  render,
  open: (settings, tools) =>
    openJson(settings, tools, { path: PATH, refusal, headers: { authorization: `Splunk ${settings.token}` } }),
})
