/**
 * `tail`: findings of a running service as they are found, however many come at once. It follows the service's stream and
 * continues behind the last finding that it heard; from a time on it pulls the list in the order in which findings were found, so
 * that nothing lies between what was and what comes. While the service is away it waits, and misses nothing.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Finding } from '../../../schemas/finding.ts'
import { type AskingOptions, clientOf, type Page } from '../lib/asking.ts'
import type { CommandTools } from '../lib/command.ts'
import { AwayError, type ServiceClient } from '../lib/service-client.ts'
import { messagesOf } from '../lib/server-sent.ts'
import { print, say } from '../lib/terminal.ts'
import { findingLine } from './text.ts'

export interface TailOptions extends AskingOptions {
  readonly since?: string
}

const AGAIN_MS = 1_000
const PULL_ROWS = 1_000
/** Ids that it remembers, so that a finding that was revised is told once. */
const KNOWN_MAX = 10_000

/** What the work gives, begun anew as often as the service is away. What fails before the first success is thrown. */
async function* persistently<T>(tools: CommandTools, work: () => AsyncIterable<T>): AsyncIterable<T> {
  for (let begun = false, away = false; ; ) {
    try {
      for await (const one of work()) {
        begun = true
        away = false
        yield one
      }
    } catch (error) {
      if (!begun || !(error instanceof AwayError)) throw error
      if (!away) say(tools.terminal, `${error.message}; trying again until the service is back`)
      away = true
    }
    await sleep(AGAIN_MS)
  }
}

/** What is found from now on; `undefined` says that the service has been asked, and that whatever is found from here on comes. */
function streamed(client: ServiceClient, tools: CommandTools): AsyncIterable<Finding | undefined> {
  let last: string | undefined
  return persistently(tools, async function* () {
    const headers = last === undefined ? {} : { 'last-event-id': last }
    for await (const { id, data } of messagesOf(await client.stream('/v1/findings/tail', headers))) {
      last = id ?? last
      yield data === undefined ? undefined : (JSON.parse(data) as Finding)
    }
  })
}

/** What was found from a time on, and what is found after it. */
function pulled(client: ServiceClient, since: string, tools: CommandTools): AsyncIterable<Finding | undefined> {
  let after = 'start'
  return persistently(tools, async function* () {
    for (let full = true; full; ) {
      const parameters = new URLSearchParams({ since, after, limit: String(PULL_ROWS) })
      const { items, next_cursor } = await client.get<Page<Finding>>(`/v1/findings?${parameters.toString()}`)
      yield undefined
      yield* items
      after = next_cursor ?? after
      full = items.length === PULL_ROWS
    }
  })
}

/** Prints each finding once, until stopped. Throws UsageError where the service cannot be asked at all. */
export async function tail(options: TailOptions, tools: CommandTools): Promise<void> {
  const client = await clientOf(options, tools)
  const { since } = options
  const known = new Set<string>()
  let followed = false
  for await (const finding of since === undefined ? streamed(client, tools) : pulled(client, since, tools)) {
    if (!followed) say(tools.terminal, `following ${options.url}; Ctrl-C ends it`)
    followed = true
    if (finding === undefined || known.has(finding.id)) continue
    known.add(finding.id)
    for (const id of known) {
      if (known.size <= KNOWN_MAX) break
      known.delete(id)
    }
    await print(tools.terminal, options.json === true ? JSON.stringify(finding) : findingLine(finding))
  }
}
