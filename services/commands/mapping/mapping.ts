/**
 * `mapping test FILE SAMPLE`: what a mapping makes of the records of a file, and what of them it did not use. `mapping schema`
 * prints the JSON Schema of mappings, for editors.
 */
import { counted } from '../../../schemas/counted.ts'
import { createHash, createHmac } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { blankEvent, type Event } from '../../../schemas/event.ts'
import { readBody } from '../../collector/body.ts'
import { createFormats } from '../../collector/formats/formats.ts'
import { compileMapping, namesOf } from '../../collector/formats/mapped/index.ts'
import { createExtractor } from '../../collector/indicators/index.ts'
import { normalise, type NormaliseContext } from '../../collector/normalise.ts'
import { systemClock } from '../../lib/clock.ts'
import { type Mapping, mappingSchema } from '../../lib/mappings/schema.ts'
import type { AddCommand, CommandTools } from '../lib/command.ts'
import { EXIT, UsageError } from '../../lib/errors.ts'
import { readMapping } from '../import/mapping-files.ts'
import { print, say } from '../lib/terminal.ts'
import { unusedOf } from './unused.ts'

interface TestOptions {
  readonly json?: true
}

/** Not a secret: hashes of a trial go nowhere. */
const KEY = Buffer.from('moltwatch mapping test, a public key')
const BLANK = blankEvent()
/** Columns that are not fields of a mapping, or differ on each run. */
const UNTOLD: ReadonlySet<string> = new Set(
  'tenant receipt_time content_id sender sequence value_hashes value_kinds extractor_version content_classes'.split(
    ' ',
  ),
)

const said = (event: Event): Partial<Event> =>
  Object.fromEntries(
    Object.entries(event).filter(
      ([column, value]) =>
        !UNTOLD.has(column) && JSON.stringify(value) !== JSON.stringify(BLANK[column as keyof Event]),
    ),
  )

/** What came of one record. */
interface Trial {
  readonly record: number
  readonly status: 'event' | 'skipped' | 'rejected'
  readonly event?: Partial<Event>
  readonly reason?: string
  readonly unused: readonly string[]
}

function contextOf(mapping: Mapping): NormaliseContext {
  return {
    tenant: 'default',
    sender: '',
    receiptTime: systemClock.now(),
    history: false,
    assurance: 'claimed',
    extractor: createExtractor({ key: KEY }),
    hashCredential: (secret) =>
      createHmac('sha256', KEY).update(createHash('sha256').update(secret).digest()).digest('hex'),
    formats: createFormats([mapping]),
  }
}

function trials(mapping: Mapping, values: readonly unknown[]): Trial[] {
  const { open, map } = compileMapping(mapping)
  const context = contextOf(mapping)
  return values
    .flatMap((value) => open(value))
    .map((record, index): Trial => {
      const unused = unusedOf(record, mapping, map)
      const result = normalise(mapping.name, record, context)
      const number = index + 1
      if (!result.ok) return { record: number, status: 'rejected', reason: result.detail, unused }
      const [event] = result.events
      if (event !== undefined) return { record: number, status: 'event', event: said(event), unused }
      const reason = result.rejected[0]?.detail
      return reason === undefined
        ? { record: number, status: 'skipped', unused: [] }
        : { record: number, status: 'rejected', reason, unused }
    })
}

const textOfValue = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))

function linesOf({ record, status, event, reason, unused }: Trial): string[] {
  const head = `record ${record}: ${status}${reason === undefined ? '' : `: ${reason}`}`
  const fields = Object.entries(event ?? {}).map(([column, value]) => {
    const shown = column === 'time' ? new Date(value as number).toISOString() : textOfValue(value)
    return `  ${column.padEnd(20)} ${shown}`
  })
  return [head, ...fields, ...(unused.length === 0 ? [] : [`  not used: ${unused.join(', ')}`]), '']
}

async function test(file: string, sample: string, options: TestOptions, tools: CommandTools): Promise<void> {
  const mapping = await readMapping(file)
  let body: Buffer
  try {
    body = await readFile(sample)
  } catch (error) {
    throw new UsageError(`${sample} cannot be read (${(error as NodeJS.ErrnoException).code})`, { cause: error })
  }
  const read = readBody(body, false)
  if (!read.ok) throw new UsageError(`${sample}: ${read.detail} (byte ${read.position})`)
  const made = trials(mapping, read.values)
  const count = (status: Trial['status']): number => made.filter((one) => one.status === status).length
  for (const one of made) {
    const lines = options.json === true ? [JSON.stringify(one)] : linesOf(one)
    for (const line of lines) await print(tools.terminal, line)
  }
  const unread = read.bad.length
  const bad = count('rejected') + unread
  if (options.json !== true) {
    say(tools.terminal, `id: ${namesOf(mapping).producerId}`)
    const noJson =
      unread === 0
        ? ''
        : `, ${counted(unread, 'part is', 'parts are')} no JSON (the first at byte ${read.bad[0]?.position})`
    say(
      tools.terminal,
      `${counted(made.length, 'record')}: ${counted(count('event'), 'event')}, ${count('skipped')} skipped, ${count('rejected')} rejected${noJson}`,
    )
  }
  if (bad > 0 || count('event') === 0) tools.exit(EXIT.failed)
}

export const addMapping: AddCommand = (program, tools) => {
  const mapping = program.command('mapping').description('what the records of a log mean, said in YAML')
  mapping
    .command('test')
    .description('show what a mapping makes of the records of a file, and what of them it does not use')
    .argument('<file>', 'YAML; see docs/mappings.md')
    .argument('<sample>', 'records in JSON: one, a list, or lines')
    .option('--json', 'one JSON object for each record')
    .addHelpText(
      'after',
      '\nExit codes: 0 every record became an event or is skipped, 1 not so, 2 the mapping is wrong.',
    )
    .action((file: string, sample: string, options: TestOptions) => test(file, sample, options, tools))
  mapping
    .command('schema')
    .description('print the JSON Schema of mappings, for editors')
    .action(async () => print(tools.terminal, JSON.stringify(mappingSchema(), null, 2)))
}
