/** What an evaluation needs besides the findings: the run, identity and day of each event. */
import { EventView } from '../../../schemas/event.ts'
import type { Spool } from '../import/spool.ts'

export interface Run {
  readonly identity: string
  model: string
  /** UTC days on which the run has events, as YYYY-MM-DD. */
  readonly days: Set<string>
}

export interface Act {
  readonly identity: string
  readonly session: string
  /** Event time in ms. */
  readonly time: number
}

export interface Facts {
  /** By session. */
  readonly runs: ReadonlyMap<string, Run>
  /** By the producer's own id. */
  readonly acts: ReadonlyMap<string, Act>
  /** Event time of the first event in ms. */
  readonly start: number
}

export const dayOf = (time: number): string => new Date(time).toISOString().slice(0, 10)

export function factsOf(spool: Spool): Facts {
  const runs = new Map<string, Run>()
  const acts = new Map<string, Act>()
  let start = Number.POSITIVE_INFINITY
  const view = new EventView()
  for (const rows of spool.rows()) {
    for (const row of rows) {
      view.row = row
      const { identity, session, time } = view
      if (time < start) start = time
      if (view.source_id !== '') acts.set(view.source_id, { identity, session, time })
      if (session === '') continue
      let run = runs.get(session)
      if (run === undefined) runs.set(session, (run = { identity, model: '', days: new Set() }))
      run.days.add(dayOf(time))
      if (run.model === '') run.model = view.model
    }
  }
  return { runs, acts, start }
}
