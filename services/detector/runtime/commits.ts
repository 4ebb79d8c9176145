/** Commits positions from time to time, for lag displays and other processes' watermarks; recovery never reads them. */
import { LIMITS } from '../../../schemas/limits.ts'
import type { Consumer } from '../../lib/log/port.ts'
import type { PartitionWorker } from './partition-worker.ts'

export interface Commits {
  /** Something has moved: positions are committed soon. */
  plan(): void
  into(consumer: Consumer): void
  stop(): Promise<void>
}

export interface CommitOptions {
  workers(): readonly PartitionWorker[]
  /** Whether other processes hold partitions of `events`: their candidates wait for what is committed here. */
  isShared(): boolean
  showMetrics(): Promise<void>
}

/** Makes the commits of one life of the consumer. */
export function createCommits({ workers, isShared, showMetrics }: CommitOptions): Commits {
  const committed = new Map<string, number>()
  let consumer: Consumer | undefined

  /** All at once: the log puts what comes together into one request. */
  async function commit(): Promise<void> {
    const into = consumer
    if (into === undefined) return
    const moved = workers().filter(
      ({ topic, partition, position }) => committed.get(`${topic}/${partition}`) !== position,
    )
    const commits = moved.map(({ topic, partition, position }) =>
      into.commit(topic, partition, position).then(() => committed.set(`${topic}/${partition}`, position)),
    )
    const ends = await Promise.allSettled(commits)
    // Others may wait for what was not committed, and perhaps no further record comes to trigger a commit.
    if (ends.some(({ status }) => status === 'rejected')) committing.plan()
  }
  // A display that fails is made good by the next one.
  const show = (): Promise<void> => showMetrics().catch(() => undefined)
  const committing = createLater(commit, () =>
    isShared() ? LIMITS.detector_commit_shared_every_ms : LIMITS.detector_commit_every_ms,
  )
  const showing = createLater(show, () => LIMITS.detector_commit_every_ms)

  return {
    plan() {
      committing.plan()
      showing.plan()
    },
    into(mine) {
      consumer = mine
    },
    async stop() {
      await Promise.all([committing.stop(), showing.stop()])
    },
  }
}

interface Later {
  plan(): void
  /** Does it a last time, and never again. */
  stop(): Promise<void>
}

/** Does something some time after it was first wanted, however often it is wanted until then, and once at a time. */
function createLater(work: () => Promise<void>, afterMs: () => number): Later {
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> = Promise.resolve()
  let stopped = false
  return {
    plan() {
      if (timer !== undefined || stopped) return
      timer = setTimeout(() => {
        timer = undefined
        running = running.then(work)
      }, afterMs())
    },
    async stop() {
      stopped = true
      clearTimeout(timer)
      await running
      await work()
    },
  }
}
