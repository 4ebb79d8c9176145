/** A small load of the demo company's own making, with fixed times: what the service tests send, and replay reads. */
import { writeFile } from 'node:fs/promises'
import { createRandom } from '../../services/commands/demo/random.ts'
import { eventfulHour, ordinaryWeek } from '../../services/commands/demo/week.ts'

const HOUR_START = Date.UTC(2026, 5, 1, 12)

export interface DemoLoad {
  /** OTLP requests, one a line. */
  readonly lines: readonly string[]
  /** Log records in them. */
  readonly events: number
}

/** `sessions` ordinary ones of the week, then the eventful hour; OTLP only. */
export function demoLoad(sessions: number, seed = 7): DemoLoad {
  const random = createRandom(seed)
  const week = ordinaryWeek(HOUR_START, random).slice(-sessions)
  const requests = [...week, ...eventfulHour(HOUR_START, random)].filter(({ path }) => path === '/v1/logs')
  return {
    lines: requests.map(({ body }) => JSON.stringify(body)),
    events: requests.reduce((sum, { events }) => sum + events, 0),
  }
}

export const writeLoad = (file: string, { lines }: DemoLoad): Promise<void> => writeFile(file, `${lines.join('\n')}\n`)
