/**
 * Watches the leak lists next to a configuration. A valid change is passed on, keyed for each tenant. A bad line is
 * reported with its file and number, and the lists that were read before stay in force.
 */
import { Worker } from 'node:worker_threads'
import { findLeakFiles, type LeakFiles } from './find.ts'
import { LIST_LIMITS } from './limits.ts'
import type { ListProblem } from './read.ts'
import type { ListAnswer, ListJob } from './thread.ts'

export interface ListWatch {
  /** Path of the configuration file. */
  readonly configuration: string
  /** Tenants that the list of all tenants is for. */
  tenants(): readonly string[]
  /** The tenant's key for credentials. May throw where the process was given none. */
  keyOf(tenant: string): Uint8Array
  /** Content by tenant; see schemas/leak-list.ts. A tenant that is not in it has no list. */
  onChange(lists: ReadonlyMap<string, Uint8Array>): void
  onProblems(problems: readonly ListProblem[]): void
  readonly everyMs?: number
}

const THREAD = new URL('thread.ts', import.meta.url)

const inThread = (job: ListJob): { readonly answer: Promise<ListAnswer>; stop(): void } => {
  const worker = new Worker(THREAD, { workerData: job })
  const answer = new Promise<ListAnswer>((resolve, reject) => {
    worker.once('message', resolve)
    worker.once('error', reject)
    worker.once('exit', () => reject(new Error('the thread that reads lists has ended')))
  })
  return { answer, stop: () => void worker.terminate() }
}

/** Every tenant that has a list: its own, or the one for all. */
function jobOf({ base, tenants }: LeakFiles, { tenants: all, keyOf }: ListWatch): ListJob {
  const names = new Set([...(base.length === 0 ? [] : all()), ...tenants.keys()])
  return {
    base,
    tenants: [...names].sort().map((tenant) => ({ tenant, key: keyOf(tenant), files: tenants.get(tenant) ?? [] })),
  }
}

/** Reads the lists once. */
export async function readLists(watch: ListWatch): Promise<ListAnswer> {
  return inThread(jobOf(await findLeakFiles(watch.configuration), watch)).answer
}

/** Watches until the returned function is called. The first look passes on what exists, even if that is nothing. */
export function watchLists(watch: ListWatch): () => void {
  /** What was read last, and what the last look saw. */
  let read: string | undefined
  let seen: string | undefined
  let timer: NodeJS.Timeout | undefined
  let work: { stop(): void } | undefined
  let stopped = false

  async function take(files: LeakFiles): Promise<void> {
    const job = jobOf(files, watch)
    const thread = inThread(job)
    work = thread
    const { lists, problems } = await thread.answer
    if (stopped) return
    if (problems.length > 0) watch.onProblems(problems)
    else watch.onChange(new Map(lists))
  }

  async function look(): Promise<void> {
    try {
      const files = await findLeakFiles(watch.configuration)
      const mark = `${files.mark} ${JSON.stringify(watch.tenants())}`
      // A file that is still being written is read when it stops changing.
      const isNews = mark !== read && (mark === seen || read === undefined)
      seen = mark
      if (isNews && !stopped) {
        read = mark
        await take(files)
      }
    } catch (error) {
      const message = `cannot be read: ${(error as Error).message}`
      if (!stopped) watch.onProblems([{ file: 'lists', line: 0, message }])
    }
    if (!stopped) timer = setTimeout(() => void look(), watch.everyMs ?? LIST_LIMITS.look_every_ms).unref()
  }
  void look()
  return () => {
    stopped = true
    clearTimeout(timer)
    work?.stop()
  }
}
