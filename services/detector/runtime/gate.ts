/** Lets so many in at a time, in the order in which they came. */
export interface Gate {
  run<T>(work: () => Promise<T>): Promise<T>
  /** Lets more in at once from now on. */
  widen(places: number): void
}

export function createGate(places: number): Gate {
  let free = places
  const queue: (() => void)[] = []
  const admit = (): void => {
    while (free > 0 && queue.length > 0) {
      free--
      queue.shift()?.()
    }
  }
  return {
    async run(work) {
      const { promise, resolve } = Promise.withResolvers<void>()
      queue.push(resolve)
      admit()
      await promise
      try {
        return await work()
      } finally {
        free++
        admit()
      }
    },
    widen(more) {
      free += Math.max(0, more - places)
      places = Math.max(places, more)
      admit()
    },
  }
}
