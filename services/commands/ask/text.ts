/**
 * How findings, incidents and events read on a terminal. What a log says may hold sequences that move the cursor or turn
 * the direction of text: every character that is not printable is written out.
 */
import { counted } from '../../../schemas/counted.ts'
import type { ExcerptKind } from '../../../schemas/excerpt.ts'
import type { Finding, Measures } from '../../../schemas/finding.ts'
import type { Incident } from '../../../schemas/incident.ts'
import { measureRows } from '../../../schemas/measure-rows.ts'
import { techniqueText } from '../../../schemas/techniques.ts'
import { table } from '../lib/table.ts'

const UNPRINTABLE = /[\p{Cc}\p{Cf}\u2028\u2029]/gu

/** The text with what a terminal would obey written as `<U+001B>`. */
export const printable = (text: string): string =>
  text.replace(UNPRINTABLE, (mark) => `<U+${mark.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0')}>`)

const short = (text: string, charsMax: number): string => {
  const shown = printable(text)
  return shown.length <= charsMax ? shown : `${shown.slice(0, charsMax - 1)}…`
}

const moment = (iso: string): string => iso.slice(0, 19).replace('T', ' ')

export const findingsTable = (findings: readonly Finding[]): string =>
  table(
    ['id', 'time (UTC)', 'severity', 'agent', 'finding'],
    findings.map((finding) => [
      finding.id,
      moment(finding.time),
      finding.severity,
      short(finding.agent, 32),
      short(finding.title, 60),
    ]),
    'left',
  )

export const incidentsTable = (incidents: readonly Incident[]): string =>
  table(
    ['id', 'last seen (UTC)', 'severity', 'agent', 'findings', 'detectors'],
    incidents.map((incident) => [
      incident.id,
      moment(incident.last_time),
      incident.severity,
      short(incident.agent, 32),
      String(incident.finding_ids.length),
      short(incident.detectors.join(', '), 60),
    ]),
    'left',
  )

/** One finding on one line, for `tail`. */
export const findingLine = (finding: Finding): string =>
  `${moment(finding.time)} ${finding.severity.padEnd(8)} ${short(finding.agent, 32)}: ${printable(finding.why)}`

const measure = (value: Measures[string]): string => printable(Array.isArray(value) ? value.join(', ') : String(value))

function measuresTable({ observed, expected }: Finding): string {
  const rows = measureRows(observed, expected).map((row) => [
    row.name.replaceAll('_', ' '),
    row.observed === undefined ? '' : short(measure(row.observed), 60),
    short(row.expected.map(({ before, value, after }) => `${before}${measure(value)}${after}`).join(', '), 60),
  ])
  return table(['measure', 'observed', 'expected'], rows, 'left')
}

/** A finding as the API gives one alone. */
export type FindingInFull = Finding & {
  readonly excerpts?: readonly { readonly kind: ExcerptKind; readonly text: string }[]
  readonly excerpts_note?: string | null
}

const WORDS: Readonly<Record<ExcerptKind, string>> = {
  task: 'the user asked',
  order: 'the agent read',
  message: 'whole message',
  arguments: 'arguments',
  result: 'result',
}

/** What was said, or why nothing of it is kept. Others wrote it. */
const wordsOf = ({ excerpts = [], excerpts_note: note }: FindingInFull): readonly string[] => [
  ...(excerpts.length === 0 && (note ?? '') === '' ? [] : ['', 'words']),
  ...excerpts.map(({ kind, text }) => `  ${WORDS[kind]}: ${printable(text)}`),
  ...(excerpts.length > 0 || (note ?? '') === '' ? [] : [`  ${note}`]),
]

/** Everything about a finding that a person needs to judge it. */
export function explanation(finding: FindingInFull): string {
  const names = finding.techniques.map(techniqueText)
  const learned = finding.learned_since === null ? 'a fixed rule' : `learned since ${moment(finding.learned_since)} UTC`
  const evidence = finding.evidence.map((event) => [
    moment(event.time),
    short(event.action, 40),
    short(event.target, 80),
  ])
  return [
    `${finding.severity}: ${printable(finding.title)}`,
    printable(finding.why),
    '',
    `agent      ${printable(finding.agent)}${finding.owner === '' ? '' : `, owner ${printable(finding.owner)}`}`,
    `when       ${moment(finding.time)} UTC`,
    `detector   ${finding.detector} version ${finding.version}, ${finding.mode}; ${learned}`,
    `techniques ${names.join('; ')}`,
    '',
    measuresTable(finding),
    '',
    table(['evidence (UTC)', 'action', 'target'], evidence, 'left'),
    ...(finding.evidence_count === undefined
      ? []
      : [`${counted(finding.evidence_count, 'event')} in all, ${evidence.length} of them shown`]),
    ...wordsOf(finding),
  ].join('\n')
}

/** An incident with its timeline. */
export function incidentText(incident: Incident): string {
  const lines = incident.timeline.map((entry) => [moment(entry.time), entry.kind, short(entry.text, 100)])
  return [
    `${incident.severity}: ${printable(incident.agent)}${incident.owner === '' ? '' : `, owner ${printable(incident.owner)}`}`,
    `${moment(incident.first_time)} to ${moment(incident.last_time)} UTC`,
    '',
    table(['time (UTC)', 'kind', 'what'], lines, 'left'),
    '',
    table(
      ['findings'],
      incident.finding_ids.map((id) => [id]),
      'left',
    ),
  ].join('\n')
}
