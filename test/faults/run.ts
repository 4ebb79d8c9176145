/**
 * Plays the faults of the catalogue against the whole system and compares each outcome with an undisturbed run:
 *
 *   npm run -s faults -- [options]
 *
 *   --list           list the faults and where they are played
 *   --only N,N       these numbers alone
 *   --engine NAME    embedded or kafka alone
 *   --seed S         the seed of the first round
 *   --rounds R       rounds of each, with the seeds S, S + 1, ...
 *   --file FILE      send this file of OTLP requests, one a line, instead of a load made from the seed
 *   --json           the table as JSON
 *
 * Round r of a fault is played with the seed S + r - 1; the seed of a round that failed plays it again. Progress goes to
 * standard error, the table (or JSON) to standard output. Exit codes: 0 all hold, 1 one does not, 2 wrong usage or no Kafka.
 */
import { toolOptions } from '../../scripts/tool-options.ts'
import { findKafka } from '../../infra/local/kafka-jars.ts'
import { FAULTS } from './catalogue/index.ts'
import { type Fault, isPlayed } from './stage/fault.ts'
import { type Load, readLoad } from './stage/load.ts'
import { playRound } from './stage/round.ts'
import { ENGINES, type EngineName } from './stage/system.ts'

interface Options {
  readonly faults: readonly Fault[]
  readonly engines: readonly EngineName[]
  readonly seed: number
  readonly rounds: number
  readonly file: string | undefined
  readonly json: boolean
}

interface Row {
  readonly fault: number
  readonly title: string
  readonly engine: EngineName
  readonly rounds: number
  /** Seeds of the rounds that did not hold. */
  readonly failed: readonly number[]
  readonly seconds: number
  /** What the last round saw, or why it was not played. */
  readonly seen: string
}

class WrongUsage extends Error {}

function countOf(name: string, text: string): number {
  const count = Number(text)
  if (!Number.isSafeInteger(count) || count < 1) throw new WrongUsage(`--${name} is a number from 1, not "${text}"`)
  return count
}

function engineOf(text: string): EngineName {
  const engine = ENGINES.find((one) => one === text)
  if (engine === undefined) throw new WrongUsage(`--engine is ${ENGINES.join(' or ')}, not "${text}"`)
  return engine
}

function faultOf(text: string): Fault {
  const fault = FAULTS.find(({ number }) => String(number) === text.trim())
  if (fault === undefined) throw new WrongUsage(`there is no fault "${text}": --list shows them`)
  return fault
}

function readOptions(): Options & { readonly list: boolean } {
  const { values } = toolOptions(import.meta.url, {
    options: {
      list: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      only: { type: 'string' },
      engine: { type: 'string' },
      file: { type: 'string' },
      seed: { type: 'string', default: '1' },
      rounds: { type: 'string', default: '1' },
    },
  })
  return {
    list: values.list,
    json: values.json,
    file: values.file,
    seed: countOf('seed', values.seed),
    rounds: countOf('rounds', values.rounds),
    faults: values.only?.split(',').map(faultOf) ?? FAULTS,
    engines: values.engine === undefined ? ENGINES : [engineOf(values.engine)],
  }
}

const notPlayed = (fault: Fault, engine: EngineName): string | undefined => {
  const play = fault[engine]
  return typeof play === 'function' ? undefined : play.without
}

function list(faults: readonly Fault[]): string {
  const lines = faults.flatMap((fault) => [
    `${String(fault.number).padStart(2)}  ${fault.title}`,
    `    holds: ${fault.holds}`,
    ...ENGINES.flatMap((engine) => {
      const why = notPlayed(fault, engine)
      return why === undefined ? [] : [`    not on ${engine}: ${why}`]
    }),
  ])
  return lines.join('\n')
}

const say = (line: string): boolean => process.stderr.write(`${line}\n`)

async function playAll(fault: Fault, engine: EngineName, { seed, rounds }: Options, load?: Load): Promise<Row> {
  const failed: number[] = []
  let seen = ''
  const began = performance.now()
  for (let round = 0; round < rounds; round++) {
    const own = seed + round
    const what = `${fault.number} on ${engine}, seed ${own}`
    try {
      seen = await playRound(fault, engine, { seed: own, ...(load === undefined ? {} : { load }) })
      say(`${what}: holds. ${seen}`)
    } catch (error) {
      seen = (error as Error).message
      failed.push(own)
      say(`${what}: FAILED. ${seen}`)
      say(`again: npm run -s faults -- --only ${fault.number} --engine ${engine} --seed ${own}`)
    }
  }
  const seconds = Math.round((performance.now() - began) / 1000)
  return { fault: fault.number, title: fault.title, engine, rounds, failed, seconds, seen: seen.split('\n')[0] ?? '' }
}

function tableOf(rows: readonly Row[]): string {
  const lines = rows.map(({ fault, title, engine, rounds, failed, seconds, seen }) => {
    const outcome = rounds === 0 ? '-' : failed.length === 0 ? 'holds' : `FAILED with seeds ${failed.join(', ')}`
    const count = rounds === 0 ? '' : `${rounds - failed.length}/${rounds}`
    return `${String(fault).padStart(2)}  ${engine.padEnd(8)}  ${outcome.padEnd(5)}  ${count.padStart(5)}  ${String(seconds).padStart(4)} s  ${title}\n        ${seen}`
  })
  const bad = rows.filter(({ failed }) => failed.length > 0).length
  const played = rows.filter(({ rounds }) => rounds > 0)
  const total = played.reduce((sum, { rounds }) => sum + rounds, 0)
  return `${lines.join('\n')}\n${total} rounds of ${played.length} faults on their engines, ${bad} with failures`
}

async function run(options: Options): Promise<number> {
  const found = await findKafka()
  const needsKafka = options.engines.length === 1 || process.env['MOLTWATCH_REQUIRE_KAFKA'] === '1'
  if (!found.ok && options.engines.includes('kafka') && needsKafka) throw new WrongUsage(found.reason)
  const load = options.file === undefined ? undefined : await readLoad(options.file)
  const rows: Row[] = []
  for (const fault of options.faults) {
    for (const engine of options.engines) {
      const blank = { fault: fault.number, title: fault.title, engine, rounds: 0, failed: [], seconds: 0 }
      const why =
        notPlayed(fault, engine) ?? (engine === 'kafka' && !found.ok ? `left out: ${found.reason}` : undefined)
      if (why !== undefined) rows.push({ ...blank, seen: why })
      else if (isPlayed(fault, engine)) rows.push(await playAll(fault, engine, options, load))
    }
  }
  process.stdout.write(`${options.json ? JSON.stringify(rows) : tableOf(rows)}\n`)
  return rows.every(({ failed }) => failed.length === 0) ? 0 : 1
}

try {
  const options = readOptions()
  if (options.list) process.stdout.write(`${list(options.faults)}\n`)
  else process.exitCode = await run(options)
} catch (error) {
  const { code } = error as { code?: string }
  if (!(error instanceof WrongUsage) && code !== 'ENOENT') throw error
  process.stderr.write(`${(error as Error).message}\n`)
  process.exitCode = 2
}
