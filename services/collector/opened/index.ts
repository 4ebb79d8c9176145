/**
 * Opens the inputs of the configuration, and brings what they read into the log: prepared in a thread, appended, and held on
 * to while the log cannot take it, because nobody could send it again.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { LIMITS } from '../../../schemas/limits.ts'
import type { Spread } from '../../../schemas/partitioning.ts'
import type { TokenSpec } from '../../lib/auth.ts'
import type { InputSettings } from '../../lib/config/inputs.ts'
import { LogError } from '../../lib/log/port.ts'
import { type Bound, bindingAmong } from '../binding.ts'
import { createEventStore, type Taking } from '../event-store.ts'
import type { CollectorOptions } from '../intake.ts'
import { COLLECTOR_LIMITS } from '../limits.ts'
import type { Preparation } from '../preparing/index.ts'
import { unreadable } from '../unreadable.ts'
import { OpenError, type Opened, type OpenParams, type OpenSender, type OpenTools } from './opened.ts'
import { openedInputOf } from './registry.ts'

export interface OpenedInputsOptions extends Omit<CollectorOptions, 'authenticate'> {
  readonly inputs: readonly InputSettings[]
  readonly tokens: readonly (Pick<TokenSpec, 'name' | 'tenant' | 'scopes'> & Bound)[]
  /** Where inputs keep positions; undefined if the process has no directory. */
  readonly directory: string | undefined
}

export interface OpenedInputs {
  /** Throws OpenError if one of them cannot be opened. */
  start(): Promise<void>
  stop(): Promise<void>
}

/** The inputs that are open. */
interface Running {
  readonly options: OpenedInputsOptions
  readonly store: ReturnType<typeof createEventStore>
  readonly stopping: AbortController
  opened: Opened[]
}

const pause = async (running: Running, ms: number): Promise<void> => {
  await wait(ms, undefined, { signal: running.stopping.signal })
}

const senderOf = (running: Running, name: string, history: boolean): OpenSender => {
  const { tokens } = running.options
  const token = tokens.find((one) => one.name === name)
  if (token === undefined) throw new OpenError(`there is no token ${name}`)
  const { tenant, scopes } = token
  const binding = bindingAmong(
    token,
    tokens.filter((one) => one.tenant === tenant),
  )
  return { tenant, sender: name, history: history || !scopes.includes('live'), binding }
}

/** What a bug met is tried again a few times, and then kept as a dead letter. */
async function prepared(
  running: Running,
  type: string,
  body: Buffer,
  params: OpenParams,
  from: OpenSender & Spread,
): Promise<Preparation> {
  const { preparer, clock, content, logger } = running.options
  const head = { method: 'OPEN', path: type, params, query: {}, headers: {} }
  for (let attempt = 1; ; attempt++) {
    try {
      return await preparer.prepare({
        ...from,
        receiptTime: clock.now(),
        input: type,
        head,
        body,
        content: content?.() ?? 'none',
      })
    } catch (error) {
      logger.error({ err: error, input: type, attempt }, 'a bug met what an input has read')
      if (attempt >= COLLECTOR_LIMITS.open_attempts_max) {
        return { ok: false, status: 400, detail: 'a bug met it, please report it', deadly: true }
      }
      await pause(running, COLLECTOR_LIMITS.open_retry_ms)
    }
  }
}

/** Does what needs the log, again and again while that is away. */
async function patiently<T>(running: Running, name: string, work: () => Promise<T>): Promise<T> {
  for (let told = false; ; told = true) {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof LogError) || !error.retriable) throw error
      if (!told)
        running.options.logger.warn(
          { input: name, reason: error.message },
          'an input waits for the log; nothing is lost unless the process is killed with lines that came over syslog',
        )
      await pause(running, COLLECTOR_LIMITS.open_retry_ms)
    }
  }
}

const taker =
  (running: Running, { name, type }: InputSettings): OpenTools['take'] =>
  async (body, params, sender) => {
    while (!running.options.ready().ok) await pause(running, LIMITS.health_every_ms / 5)
    const spread = await patiently(running, name, running.options.partitioning.spread)
    const made = await prepared(running, type, body, params, { ...sender, ...spread })
    const result = made.ok ? made : unreadable(body, made)
    const taking: Taking = {
      tenant: sender.tenant,
      sender: sender.sender,
      origin: result.source ?? type,
      receiptTime: running.options.clock.now(),
      prepared: result,
    }
    await patiently(running, name, () => running.store([taking]))
    running.options.metrics.inputLines.inc({ input: name, outcome: 'taken' }, result.records)
    if (result.dropped !== undefined)
      running.options.metrics.inputLines.inc({ input: name, outcome: 'plain' }, result.dropped)
  }

async function open(running: Running, input: InputSettings): Promise<Opened> {
  const { logger, metrics } = running.options
  const type = openedInputOf(input.type)
  if (type === undefined) throw new OpenError(`there is no type of input ${input.type}`)
  const { name } = input
  const tools: OpenTools = {
    name,
    logger: logger.child({ input: name }),
    metrics,
    sender: senderOf(running, input.token, input.history),
    senderOf: (token) => senderOf(running, token, input.history),
    directory: running.options.directory,
    take: taker(running, input),
    drop: (reason, lines = 1) => metrics.inputLines.inc({ input: name, outcome: reason }, lines),
  }
  try {
    return await type.open(input as never, tools)
  } catch (error) {
    if (error instanceof OpenError) throw new OpenError(`the input ${name} cannot be opened: ${error.message}`)
    throw error
  }
}

async function stop(running: Running): Promise<void> {
  const all = running.opened
  running.opened = []
  const stopped = Promise.all(all.map((one) => one.stop()))
  // What still waits for the log is given up after a while: files are read again, and lines of a port are counted.
  await Promise.race([stopped, wait(COLLECTOR_LIMITS.open_stop_ms_max, undefined, { ref: false })])
  running.stopping.abort()
  await stopped
}

export function createOpenedInputs(options: OpenedInputsOptions): OpenedInputs {
  const running: Running = {
    options,
    store: createEventStore(options),
    stopping: new AbortController(),
    opened: [],
  }

  return {
    async start() {
      for (const input of options.inputs) running.opened.push(await open(running, input))
    },
    stop: () => stop(running),
  }
}
