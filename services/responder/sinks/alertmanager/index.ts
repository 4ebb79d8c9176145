/**
 * Prometheus Alertmanager, through its API v2. Labels identify an alert: those of an incident contain its id, so that
 * closing it resolves what paging has raised. The severity is an annotation, because it may grow meanwhile.
 */
import Type from 'typebox'
import { LIMITS } from '../../../../schemas/limits.ts'
import { type Notice, NOTICE_TYPES, type NoticeType } from '../../../../schemas/notice.ts'
import { openJson } from '../lib/json.ts'
import { stepOf } from '../lib/steps.ts'
import { summaryOf } from '../lib/summary.ts'
import { oneLine } from '../lib/text.ts'
import { allowPrivateSetting, caFileSetting, urlProblems, urlSetting } from '../lib/url.ts'
import { defineSinkType } from '../sink-type.ts'

const PATH = '/api/v2/alerts'
const DAY_MS = 86_400_000
/** Without an end of its own, an alert would count as resolved after minutes. */
const OPEN_MS = 7 * DAY_MS

const Settings = Type.Object(
  {
    url: urlSetting('Of the Alertmanager, as https://alertmanager.example.com:9093'),
    ca_file: caFileSetting(),
    allow_private: allowPrivateSetting(),
  },
  { additionalProperties: false },
)

/** A matter that ends has the name of its beginning. */
const nameOf = (type: NoticeType): string => {
  if (type.startsWith('incident.')) return 'moltwatch_incident'
  if (type.startsWith('suppression.')) return 'moltwatch_suppression'
  return `moltwatch_${type.replaceAll('.', '_')}`
}

function render(notice: Notice): string {
  const { severity, title, text, tenant, identity, subject, facts } = summaryOf(notice)
  const startsMs = Date.parse(notice.time)
  const labels = Object.entries({ alertname: nameOf(notice.type), subject, tenant, identity })
  const annotations = [
    ['summary', title],
    ['description', text],
    ['severity', severity],
    ...facts.map(([name, value]) => [name, oneLine(value, LIMITS.why_chars_max)] as const),
  ] as const
  const alert = {
    labels: Object.fromEntries(labels.filter(([, value]) => value !== '')),
    annotations: Object.fromEntries(annotations),
    ...(stepOf(notice.type) === 'resolve'
      ? { endsAt: notice.time }
      : { startsAt: notice.time, endsAt: new Date(startsMs + OPEN_MS).toISOString() }),
  }
  return JSON.stringify([alert])
}

export const alertmanager = defineSinkType({
  type: 'alertmanager',
  about: 'Alerts into a Prometheus Alertmanager, resolved when their incident is closed.',
  settings: Settings,
  receives: ['notices', 'triage'],
  // Alertmanager knows silences and no acknowledgement.
  tells: (Object.keys(NOTICE_TYPES) as NoticeType[]).filter((type) => type !== 'incident.acknowledged'),
  confirmsOrders: false,
  example: { url: 'https://alertmanager.example.com:9093', allow_private: false },
  problems: urlProblems,
  destination: ({ url }) => url,
  render,
  open: (settings, tools) => openJson(settings, tools, { path: PATH }),
})
