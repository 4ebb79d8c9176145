/**
 * A notice as CEF (Common Event Format, version 0) in a message of RFC 5424. In CEF's header `\` and `|` are escaped, in the
 * values of its extension `\` and `=`; a record is one line, so what could end it is shown as \uXXXX before.
 */
import type { Notice } from '../../../../schemas/notice.ts'
import { type Summary, summaryOf } from '../lib/summary.ts'
import { oneLine } from '../lib/text.ts'

/** CEF's scale is 0 to 10, syslog's severities go from 7 (debug) to 0. */
const CEF_SEVERITY: Readonly<Record<Summary['severity'], number>> = {
  info: 1,
  low: 3,
  medium: 5,
  high: 8,
  critical: 10,
}
const SYSLOG_SEVERITY: Readonly<Record<Summary['severity'], number>> = {
  info: 6,
  low: 5,
  medium: 4,
  high: 3,
  critical: 2,
}

const HEADER_CHARS_MAX = 512
const VALUE_CHARS_MAX = 1_000

const header = (text: string): string => oneLine(text, HEADER_CHARS_MAX).replaceAll('\\', '\\\\').replaceAll('|', '\\|')
const value = (text: string): string => oneLine(text, VALUE_CHARS_MAX).replaceAll('\\', '\\\\').replaceAll('=', '\\=')

/** `CEF:0|vendor|product|version|class|name|severity|extension`. */
export function cefOf(notice: Notice): string {
  const { severity, title, text, tenant, identity, subject, facts } = summaryOf(notice)
  const custom = facts
    .slice(0, 6)
    .flatMap(([name, fact], i) => [[`cs${i + 1}Label`, name] as const, [`cs${i + 1}`, fact] as const])
  const extension = [
    ['rt', String(Date.parse(notice.time))],
    ['externalId', subject],
    ['suser', identity],
    ['msg', text],
    ['deviceExternalId', tenant],
    ...custom,
  ] as const
  const parts = [
    'CEF:0',
    'moltwatch',
    'moltwatch',
    '1',
    header(notice.type),
    header(title),
    String(CEF_SEVERITY[severity]),
    extension
      .filter(([, one]) => one !== '')
      .map(([key, one]) => `${key}=${value(one)}`)
      .join(' '),
  ]
  return parts.join('|')
}

/** The whole message: `<PRI>1 TIME HOST APP - TYPE - MESSAGE`. `facility` is 0 to 23. */
export function syslogOf(notice: Notice, facility: number, host: string): string {
  const priority = 8 * facility + SYSLOG_SEVERITY[summaryOf(notice).severity]
  return `<${priority}>1 ${notice.time} ${host} moltwatch - ${notice.type} - ${cefOf(notice)}`
}
