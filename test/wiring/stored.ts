/**
 * What a service has stored of the records of a client. A mark is sent behind them, the same way: once it is stored, so is all that
 * went before it, because events of one identity lie in one partition of the log, in their order.
 */
import { TryAgain } from '../support/asker.ts'
import { untilEnough } from '../support/patience.ts'
import { type RunningService, TOKEN, until } from '../support/service.ts'
import { MARK_ACTION, markLine, RECORD_ACTION } from './records.ts'

async function countOf(service: RunningService, query: string): Promise<number> {
  const { count } = (await service.get(`/v1/events/count?${query}`)) as { count: number }
  return count
}

/** Posts the mark as an event, until it is acknowledged. */
const postMark = (service: RunningService, agent: string): Promise<unknown> =>
  until(
    () => service.post('/v1/events', markLine(agent, 0), 'application/x-ndjson').catch(() => undefined),
    (answer) => answer?.ok === true,
  )

/** How many records of the agent are stored; Infinity once a mark is. */
async function progressOf(service: RunningService, agent: string): Promise<number | undefined> {
  try {
    const marks = await countOf(service, `identity=${agent}&action=${MARK_ACTION}`)
    return marks > 0 ? Infinity : await countOf(service, `identity=${agent}`)
  } catch (error) {
    if (!(error instanceof TryAgain)) throw error
    return undefined
  }
}

/**
 * Resolves when a mark is stored. `mark` sends it where it has to go through the client itself; one may be lost, so it is called
 * again and again. Throws where neither mark nor records have come for as long as tests are patient.
 */
export async function awaitMark(
  service: RunningService,
  agent: string,
  mark?: (line: string) => Promise<void>,
): Promise<void> {
  if (mark === undefined) await postMark(service, agent)
  let marks = 0
  const stored = await untilEnough(async () => {
    await mark?.(markLine(agent, ++marks))
    return progressOf(service, agent)
  }, Infinity)
  if (stored < Infinity) throw new Error(`${stored} records of ${agent} are stored, and the mark behind them is not`)
}

/** Resolves when so many records of the agent are stored, or when no more have come for as long as tests are patient. */
export async function awaitRecords(service: RunningService, agent: string, count: number): Promise<void> {
  const query = `identity=${agent}&action=${RECORD_ACTION}`
  await untilEnough(async () => {
    try {
      return await countOf(service, query)
    } catch (error) {
      if (!(error instanceof TryAgain)) throw error
      return undefined
    }
  }, count)
}

/** The ids of the records of an agent. */
export async function storedIds(service: RunningService, agent: string): Promise<Set<string>> {
  const url = `http://127.0.0.1:${service.plan.port}/v1/events/export`
  const lines = await until(
    async () => {
      const headers = { authorization: `Bearer ${TOKEN}` }
      const answer = await fetch(`${url}?identity=${agent}&action=${RECORD_ACTION}`, { headers })
      return answer.ok ? (await answer.text()).split('\n') : []
    },
    (all) => all.length > 0,
  )
  const filled = lines.filter((line) => line !== '')
  return new Set(filled.map((line) => (JSON.parse(line) as { event_id: string }).event_id))
}
