/**
 * `audit`: who did what, and whether the record of it is whole. `verify` reads the audit log of a running service, or an
 * export of it, and names the first entry that was changed, taken out or moved.
 */
import { counted } from '../../../schemas/counted.ts'
import { type AuditEntry, AuditEntry as AuditEntrySchema, checkChain } from '../../../schemas/audit.ts'
import { validator } from '../../../schemas/columns.ts'
import type { CommandOutcome } from '../../../schemas/command.ts'
import { readFile } from 'node:fs/promises'
import { asking, type AskingOptions as Options, clientOf, type Page } from '../lib/asking.ts'
import type { AddCommand, CommandTools } from '../lib/command.ts'
import { EXIT, UsageError } from '../../lib/errors.ts'
import type { ServiceClient } from '../lib/service-client.ts'
import { table } from '../lib/table.ts'
import { print } from '../lib/terminal.ts'

interface ListOptions extends Options {
  readonly base?: true
}
interface VerifyOptions extends Options {
  readonly file?: string
  readonly head?: string
}

const PAGE = 1_000
const SHOWN = 50
const entries = validator(AuditEntrySchema)

async function allOf<T>(client: ServiceClient, list: string): Promise<T[]> {
  const found: T[] = []
  for (let cursor: string | null = ''; cursor !== null; ) {
    const at: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`
    const page: Page<T> = await client.get<Page<T>>(`/v1/${list}?limit=${PAGE}${at}`)
    found.push(...page.items)
    cursor = page.next_cursor
  }
  return found
}

/** Entries of an export. Throws UsageError where the file holds something else. */
async function entriesIn(file: string): Promise<AuditEntry[]> {
  const text = await readFile(file, 'utf8').catch(() => {
    throw new UsageError(`${file} cannot be read`)
  })
  return text.split('\n').flatMap((line, at) => {
    if (line.trim() === '') return []
    try {
      const value: unknown = JSON.parse(line)
      if (entries.check(value)) return [value]
    } catch {
      // Told below: a line that is no JSON is no entry.
    }
    throw new UsageError(`${file}:${at + 1} is no entry of the audit log: give the NDJSON of /v1/audit/export`)
  })
}

/** Commands that were carried out and of which nothing is written down, since the log begins. */
function untold(outcomes: readonly CommandOutcome[], log: readonly AuditEntry[]): string | undefined {
  const told = new Set(log.map(({ id }) => id))
  const first = log.reduce((least, { time }) => (time < least ? time : least), '9')
  const missing = outcomes.find(({ id, done_at }) => done_at > first && !told.has(id))
  return missing === undefined
    ? undefined
    : `the command ${missing.id} (${missing.type}) was carried out and has no entry`
}

const ofEverybody = ({ entries: count }: { readonly entries: number }): string =>
  count === 0 ? '' : `, and ${count} that ${count === 1 ? 'concerns' : 'concern'} every tenant`

async function verify(options: VerifyOptions, tools: CommandTools): Promise<void> {
  const client = options.file === undefined ? await clientOf(options, tools) : undefined
  // Outcomes first: a command carried out in between then has an entry.
  const outcomes = client === undefined ? [] : await allOf<CommandOutcome>(client, 'commands')
  const log = client === undefined ? await entriesIn(options.file ?? '') : await allOf<AuditEntry>(client, 'audit')
  // What concerns every tenant is a chain of its own; an export holds one chain alone.
  const base = checkChain(client === undefined ? [] : await allOf<AuditEntry>(client, 'audit/base'))
  const outcome = checkChain(log, options.head)
  const gap = outcome.ok ? untold(outcomes, log) : undefined
  if (options.json === true) {
    const own = gap === undefined ? outcome : { ok: false, reason: gap }
    await print(tools.terminal, JSON.stringify(client === undefined ? own : { ...own, base }))
  } else if (!base.ok) {
    await print(tools.terminal, `the chain of every tenant is broken at entry ${base.sequence}: ${base.reason}`)
  } else if (!outcome.ok) await print(tools.terminal, `broken at entry ${outcome.sequence}: ${outcome.reason}`)
  else if (gap !== undefined) await print(tools.terminal, `broken at its end: ${gap}`)
  else {
    await print(
      tools.terminal,
      `whole: ${counted(outcome.entries, 'entry', 'entries')}${ofEverybody(base)}. Note this hash elsewhere and give it with --head next time:\n${outcome.head}`,
    )
  }
  if (!outcome.ok || !base.ok || gap !== undefined) tools.exit(EXIT.failed)
}

async function list(options: ListOptions, tools: CommandTools): Promise<void> {
  const client = await clientOf(options, tools)
  const path = options.base === true ? '/v1/audit/base' : '/v1/audit'
  const { items } = await client.get<Page<AuditEntry>>(`${path}?limit=${SHOWN}`)
  if (options.json === true) {
    for (const entry of items) await print(tools.terminal, JSON.stringify(entry))
    return
  }
  const rows = items.map(({ sequence, time, by, act, status, content }) => [
    String(sequence),
    time.slice(0, 19).replace('T', ' '),
    by,
    act,
    status,
    content === null ? '(forgotten)' : content.subject.join(', ').slice(0, 60),
  ])
  await print(tools.terminal, table(['no', 'time (UTC)', 'who', 'what', 'outcome', 'to what'], rows, 'left'))
}

export const addAudit: AddCommand = (program, tools) => {
  const audit = program.command('audit').description('who did what, and whether the record of it is whole')
  asking(audit.command('list'), 'for programs')
    .description('list the newest acts')
    .option('--base', 'those that concern every tenant: changes of the rules that all inherit')
    .action((options: ListOptions) => list(options, tools))
  asking(audit.command('verify'), 'for programs')
    .description('check the chain; exit code 1 where an entry was changed, taken out or moved')
    .option('--file <file>', 'an export of /v1/audit/export in NDJSON, instead of a running service')
    .option('--head <hash>', 'a hash that an earlier verify told: nothing up to it may have been taken off the end')
    .action((options: VerifyOptions) => verify(options, tools))
}
