/**
 * `life`: prints the ordinary life of a simulated company as canonical events, one a line, in the order of arrival, so
 * that detectors, load and reports can be tried on something that is quiet by construction.
 */
import { createWriteStream } from 'node:fs'
import { once } from 'node:events'
import { type Command, InvalidArgumentError } from 'commander'
import type { AddCommand, CommandTools } from '../lib/command.ts'
import { print } from '../lib/terminal.ts'
import { life, type LivedEvent, type LifePlan } from './life/life.ts'

export interface LifeOptions {
  readonly seed: number
  readonly days: number
  readonly identities: number
}

/** A Monday; which one changes nothing but dates. */
const START_MS = Date.UTC(2026, 4, 4)
const DAY_MS = 86_400_000

/** A whole number of at least `least`. */
export const wholeNumber =
  (least: number, most: number) =>
  (text: string): number => {
    const value = Number(text)
    if (!Number.isInteger(value) || value < least || value > most) {
      throw new InvalidArgumentError(`a whole number from ${least} to ${most}, please.`)
    }
    return value
  }

export const lifePlan = ({ seed, days, identities }: LifeOptions): LifePlan => ({
  seed,
  days,
  identities,
  start: START_MS,
})

/** What of ordinary life the events belong to, as labels of look-alikes. */
export function createLabels() {
  const parts = new Map<string, { identities: Set<string>; events: string[]; start: number; end: number }>()
  const days = new Set<string>()
  let events = 0
  return {
    add({ event, time, part }: LivedEvent): void {
      events++
      days.add(`${String(event['identity'])} ${Math.floor(time / DAY_MS)}`)
      if (part === 'ordinary') return
      const known = parts.get(part) ?? { identities: new Set(), events: [], start: time, end: time }
      known.identities.add(String(event['identity']))
      known.events.push(String(event['id']))
      known.start = Math.min(known.start, time)
      known.end = Math.max(known.end, time)
      parts.set(part, known)
    },
    get identityDays() {
      return days.size
    },
    /** The first line says how much there is, each further one is a part of life. */
    lines(plan: LifePlan): string[] {
      const meta = { type: 'meta', days: plan.days, events, identity_days: days.size }
      const told = [...parts].map(([kind, { identities, events: ids, start, end }]) => ({
        type: 'lookalike',
        kind,
        identities: [...identities],
        start: new Date(start).toISOString(),
        end: new Date(end).toISOString(),
        events: ids,
      }))
      return [meta, ...told].map((line) => JSON.stringify(line))
    },
  }
}

async function printLife(
  options: LifeOptions & { readonly labels?: string },
  { terminal }: CommandTools,
): Promise<void> {
  const plan = lifePlan(options)
  const labels = createLabels()
  for (const lived of life(plan)) {
    labels.add(lived)
    await print(terminal, JSON.stringify(lived.event))
  }
  if (options.labels === undefined) return
  const file = createWriteStream(options.labels)
  file.end(`${labels.lines(plan).join('\n')}\n`)
  await once(file, 'close')
}

/** The options that say which life is meant. */
export const addLifeOptions = (command: Command): Command =>
  command
    .option('--days <n>', 'days of each company', wholeNumber(1, 400), 30)
    .option('--identities <n>', 'inhabitants of each company', wholeNumber(1, 5_000), 200)

export const addLife: AddCommand = (program, tools) => {
  const command = program
    .command('life')
    .description('print the ordinary life of a simulated company as canonical events; nothing in it is an attack')
    .option('--seed <n>', 'which company', wholeNumber(0, 4_294_967_295), 1)
    .option('--labels <file>', 'also write what of life each event belongs to, as labels of look-alikes')
  addLifeOptions(command).action((options: LifeOptions & { labels?: string }) => printLife(options, tools))
}
