/**
 * `coverage` of a running service for those who live on a terminal: a line for each identity, sender or source, how many
 * detectors see, learn and are blind, then what nobody sees and what to set.
 */
import { table } from '../lib/table.ts'

export interface Covered {
  readonly name: string
  readonly events: number
  readonly last_seen: string
  readonly detectors: readonly {
    readonly detector: string
    readonly sees: string
    readonly until: string | null
    readonly lacks: readonly (readonly string[])[]
  }[]
  readonly advice: readonly string[]
}

const counted = (one: Covered, sees: string): number => one.detectors.filter((d) => d.sees === sees).length

/** The latest time at which a detector has learned what it needs. */
const learnedAt = (one: Covered): string =>
  one.detectors.reduce((latest, { until }) => (until !== null && until > latest ? until : latest), '').slice(0, 16)

/** Detectors that are blind for many, with what they lack, most blind first. */
function blindness(items: readonly Covered[]): string[] {
  const blind = items.flatMap((one) =>
    one.detectors.filter(({ sees }) => sees === 'blind').map(({ detector, lacks }) => ({ detector, lacks })),
  )
  const groups = Map.groupBy(
    blind,
    ({ detector, lacks }) => `${detector} lacks ${lacks.map((any) => any.join(' or ')).join(' and ')}`,
  )
  return [...groups]
    .map(([what, all]) => [what, all.length] as const)
    .sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
    .map(([what, count]) => `${what} (${count} of ${items.length})`)
}

export function coverageText(items: readonly Covered[]): string {
  const rows = items.map((one) => [
    one.name === '' ? '(none)' : one.name,
    String(one.events),
    one.last_seen.slice(0, 16),
    String(counted(one, 'yes')),
    String(counted(one, 'learning')),
    String(counted(one, 'blind')),
    learnedAt(one),
  ])
  const advice = Map.groupBy(
    items.flatMap((one) => one.advice.map((text) => ({ text, name: one.name }))),
    // The same advice differs only in its numbers.
    ({ text }) => text.replaceAll(/\d+/g, ''),
  )
  return [
    table(['name', 'events', 'last seen', 'see', 'learn', 'blind', 'learned at'], rows),
    ...section('Blind for lack of fields', blindness(items)),
    ...section(
      'What to set',
      [...advice.values()].map(
        (all) => `${all.length === 1 ? all[0]?.name : `${all.length} of them, ${all[0]?.name} first`}: ${all[0]?.text}`,
      ),
    ),
  ].join('\n')
}

const section = (title: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : ['', title, ...lines.map((line) => `  ${line}`)]
