/**
 * What anybody could write in a minute: rules without learning, as a bar that detectors must clear. They read events in
 * the order of their file.
 */
import { EventView } from '../../../schemas/event.ts'
import type { Spool } from '../import/spool.ts'
import type { Told } from './company.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

interface Counting {
  since: number
  count: number
  told: boolean
}

/** Answers true once, when more than `most` come within `spanMs`. */
function createCount(spanMs: number, most: number) {
  const counts = new Map<string, Counting>()
  return (key: string, time: number): boolean => {
    const known = counts.get(key)
    const one = known !== undefined && time - known.since < spanMs ? known : { since: time, count: 0, told: false }
    one.count++
    counts.set(key, one)
    if (one.told || one.count <= most) return false
    one.told = true
    return true
  }
}

/** More than five refusals within ten minutes, and more than two acts within an hour that are new to their owner. */
export function trivialFindings(spool: Spool): Told[] {
  const refused = createCount(10 * MINUTE_MS, 5)
  const fresh = createCount(HOUR_MS, 2)
  const done = new Set<string>()
  const view = new EventView()
  const told: Told[] = []
  let start = 0
  for (const rows of spool.rows()) {
    for (const row of rows) {
      view.row = row
      const { identity, time, owner, action, outcome, event_id: id, source_id: source, target } = view
      if (start === 0) start = time
      const tell = (detector: string): void => {
        const at = new Date(time).toISOString()
        const evidence = [{ event_id: id, source_id: source, time: at, action, target }]
        told.push({ detector, agent: identity, time: at, evidence, severity: 'medium', mode: 'live' })
      }
      if (outcome === 'denied' && refused(identity, time)) tell('more than 5 refusals in 10 minutes')
      const pair = `${owner}\u0000${action}`
      const isNew = !done.has(pair)
      done.add(pair)
      if (isNew && time - start > 48 * HOUR_MS && fresh(identity, time))
        tell('more than 2 acts new to the owner in an hour')
    }
  }
  return told
}
