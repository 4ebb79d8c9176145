/** An evaluation as tables that a person reads. */
import { counted } from '../../../schemas/counted.ts'
import type { DetectorScore, Evaluation } from './evaluation.ts'
import { FLOORS, FOLD_MIN, type Folds, type Share } from './score.ts'
import type { EventScore } from './score-events.ts'
import type { RunScore } from './score-runs.ts'
import { table } from '../lib/table.ts'

const percent = (share: number | null): string => (share === null ? '-' : `${(share * 100).toFixed(1)} %`)
const rate = (value: number | null): string => (value === null ? '-' : value.toFixed(4))
const shareCell = (share: Share | undefined): string =>
  share === undefined || share.of === 0 ? '-' : `${share.hits}/${share.of} ${percent(share.share)}`
/** Given for the total only: detectors can be compared on the same data without an interval. */
const intervalText = (share: Share | undefined): string =>
  share === undefined || share.interval === null
    ? ''
    : `\ntotal caught: ${percent(share.share)}, 95 % interval ${percent(share.interval[0])} to ${percent(share.interval[1])}, clusters resampled`

const nameOf = <S>(score: DetectorScore<S>): string =>
  score.mode === 'shadow' ? `${score.detector} (shadow)` : score.detector

function runsText(scores: readonly DetectorScore<RunScore>[]): string {
  const classes = [...new Set(scores.flatMap((score) => Object.keys(score.high.classes)))].filter(
    (name) => name !== 'malicious',
  )
  const head = ['detector', 'caught', 'named', 'precision', ...classes, 'false', 'per identity-day']
  return FLOORS.map((floor) => {
    const rows = scores.map((score) => {
      const s = score[floor]
      return [
        nameOf(score),
        shareCell(s.caught),
        shareCell(s.named),
        percent(s.precision),
        ...classes.map((name) => shareCell(Object.hasOwn(s.classes, name) ? s.classes[name] : undefined)),
        String(s.false_findings),
        rate(s.false_per_identity_day),
      ]
    })
    return `Runs, severity ${floor} and up (${counted(scores[0]?.[floor].identity_days ?? 0, 'identity-day')})\n${table(head, rows)}${intervalText(scores.at(-1)?.[floor].caught)}`
  }).join('\n\n')
}

function eventsText(scores: readonly DetectorScore<EventScore>[]): string {
  const head = ['detector', 'incidents', 'precision', 'true', 'false', 'per identity-day', 'joined', 'false by label']
  return FLOORS.map((floor) => {
    const rows = scores.map((score) => {
      const s = score[floor]
      const wrong = Object.entries(s.classes).filter(([name]) => name !== 'attack')
      return [
        nameOf(score),
        shareCell(s.caught),
        percent(s.precision),
        String(s.true_findings),
        String(s.false_findings),
        rate(s.false_per_identity_day),
        rate(s.false_joined_per_identity_day),
        wrong.map(([name, count]) => `${name} ${count}`).join('; '),
      ]
    })
    return `Events, severity ${floor} and up (${counted(scores[0]?.[floor].identity_days ?? 0, 'identity-day')})\n${table(head, rows)}${intervalText(scores.at(-1)?.[floor].caught)}`
  }).join('\n\n')
}

function foldsText(folds: Folds & { readonly floor: string }): string {
  const rows = folds.folds.map((fold) => [
    fold.value === '' ? '(none)' : fold.value,
    shareCell(fold.caught),
    shareCell(fold.flagged),
  ])
  const worst = [
    folds.worst_caught === null ? '' : `least caught: ${folds.worst_caught}`,
    folds.worst_flagged === null ? '' : `most flagged wrongly: ${folds.worst_flagged}`,
  ].filter((text) => text !== '')
  const said = worst.length === 0 ? '' : `\nworst of those with at least ${FOLD_MIN}: ${worst.join('; ')}`
  return `By ${folds.by}, severity ${folds.floor} and up\n${table([folds.by, 'caught', 'flagged wrongly'], rows)}${said}`
}

export function evaluationText(evaluation: Evaluation): string {
  const { runs, labelled_events: events } = evaluation
  const mistakes = [runs?.mistakes, events?.mistakes].filter((one) => one !== undefined)
  return [
    `${counted(evaluation.events, 'event')} of ${counted(evaluation.identities, 'identity', 'identities')}`,
    ...(runs === undefined ? [] : [runsText(runs.scores), ...runs.folds.map(foldsText)]),
    ...(events === undefined ? [] : [eventsText(events.scores), ...events.folds.map(foldsText)]),
    ...mistakes.map((one) => `Mistakes\n${JSON.stringify(one, null, 1)}`),
  ].join('\n\n')
}
