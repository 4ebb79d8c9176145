/** What a notice does to the alert of its matter, for pagers: most raise one, triage takes it over and ends it. */
import type { NoticeType } from '../../../../schemas/notice.ts'

export type Step = 'trigger' | 'acknowledge' | 'resolve'

const FOLLOWS: ReadonlyMap<NoticeType, Step> = new Map<NoticeType, Step>([
  ['incident.acknowledged', 'acknowledge'],
  ['incident.closed', 'resolve'],
  ['suppression.ended', 'resolve'],
])

export const stepOf = (type: NoticeType): Step => FOLLOWS.get(type) ?? 'trigger'
