/**
 * What is dropped first when a memory shared by all tenants is full: the oldest items of the tenant that has the most. A
 * tenant that floods it loses its own and never another's.
 */

/** The surplus over `max`: items of the tenants that have the most, oldest first. `items` come oldest first. */
export function surplusOf<T extends { readonly tenant: string }>(items: Iterable<T>, max: number): T[] {
  const byTenant = new Map<string, T[]>()
  let count = 0
  for (const item of items) {
    const own = byTenant.get(item.tenant) ?? []
    byTenant.set(item.tenant, own)
    own.push(item)
    count += 1
  }
  let surplus = count - max
  if (surplus <= 0) return []
  // Everybody keeps up to a level that is found from the smallest up: who has less keeps all.
  const sizes = [...byTenant.values()].map((own) => own.length).sort((a, b) => a - b)
  let room = max
  let level = 0
  for (const [i, size] of sizes.entries()) {
    level = Math.floor(room / (sizes.length - i))
    if (size > level) break
    room -= size
  }
  const dropped: T[] = []
  for (const own of byTenant.values()) {
    const over = Math.min(surplus, Math.max(0, own.length - level))
    dropped.push(...own.slice(0, over))
    surplus -= over
  }
  return dropped
}
