/**
 * A queue in which tenants take turns: a tenant that sends much delays only itself. Order within a tenant is kept.
 */
export interface FairQueue<T> {
  push(tenant: string, item: T): void
  /** The next item that `mayTake` accepts, from the tenant whose turn it is; undefined if there is none. */
  next(mayTake: (tenant: string, item: T) => boolean): T | undefined
  /** How many wait, in all and of a tenant. */
  size(): number
  sizeOf(tenant: string): number
  /** The tenant with the most waiting items; undefined if nothing waits. */
  largest(): string | undefined
  /** Takes out what a tenant pushed last. */
  takeNewest(tenant: string): T | undefined
  /** Takes all that is left. */
  drain(): T[]
}

export function createFairQueue<T>(): FairQueue<T> {
  /** A tenant that was served goes to the end. */
  const waiting = new Map<string, T[]>()
  return {
    push(tenant, item) {
      const own = waiting.get(tenant)
      if (own === undefined) waiting.set(tenant, [item])
      else own.push(item)
    },
    next(mayTake) {
      for (const [tenant, own] of waiting) {
        if (!mayTake(tenant, own[0] as T)) continue
        waiting.delete(tenant)
        const item = own.shift()
        if (own.length > 0) waiting.set(tenant, own)
        return item
      }
      return undefined
    },
    size: () => [...waiting.values()].reduce((sum, own) => sum + own.length, 0),
    sizeOf: (tenant) => waiting.get(tenant)?.length ?? 0,
    largest() {
      let most: string | undefined
      for (const [tenant, own] of waiting) {
        if (most === undefined || own.length > (waiting.get(most)?.length ?? 0)) most = tenant
      }
      return most
    },
    takeNewest(tenant) {
      const own = waiting.get(tenant)
      const newest = own?.pop()
      if (own?.length === 0) waiting.delete(tenant)
      return newest
    },
    drain() {
      const left = [...waiting.values()].flat()
      waiting.clear()
      return left
    },
  }
}
