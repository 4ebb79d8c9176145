/** The outcome of each command, kept for a while under its id, so that its sender can query it. */
import type { CommandOutcome } from '../../schemas/command.ts'
import { LIMITS } from '../../schemas/limits.ts'
import type { StateStore, Transaction } from './store.ts'

export interface Outcomes {
  restore(outcome: CommandOutcome): void
  get(tenant: string, id: string): CommandOutcome | undefined
  list(tenant: string): CommandOutcome[]
  /**
   * Keeps it; the tenant's oldest is dropped if there are too many. `staged` may add to the transaction in which it is
   * written. Resolves when it is durable.
   */
  keep(outcome: CommandOutcome, staged: (tx: Transaction) => void): Promise<void>
  expire(nowMs: number): Promise<void>
}

/** Makes the memory of outcomes. */
export function createOutcomes(store: StateStore): Outcomes {
  /** By tenant, oldest first. */
  const byTenant = new Map<string, Map<string, CommandOutcome>>()
  const ownOf = (tenant: string): Map<string, CommandOutcome> => {
    const own = byTenant.get(tenant) ?? new Map<string, CommandOutcome>()
    byTenant.set(tenant, own)
    return own
  }
  const drop = async (outcomes: readonly CommandOutcome[]): Promise<void> => {
    await Promise.all(
      outcomes.map(async ({ tenant, id }) => {
        byTenant.get(tenant)?.delete(id)
        const tx = store.begin(tenant)
        tx.remove('command', id)
        await tx.commit()
      }),
    )
  }
  return {
    restore: (outcome) => ownOf(outcome.tenant).set(outcome.id, outcome),
    list: (tenant) => [...(byTenant.get(tenant)?.values() ?? [])],
    get: (tenant, id) => byTenant.get(tenant)?.get(id),
    async keep(outcome, staged) {
      const own = ownOf(outcome.tenant)
      const tx = store.begin(outcome.tenant)
      tx.put('command', outcome.id, outcome)
      own.set(outcome.id, outcome)
      staged(tx)
      const surplus = [...own.values()].slice(0, Math.max(0, own.size - LIMITS.command_outcomes_max))
      await Promise.all([tx.commit(), drop(surplus)])
    },
    async expire(nowMs) {
      const before = new Date(nowMs - LIMITS.command_outcomes_kept_ms).toISOString()
      await drop([...byTenant.values()].flatMap((own) => [...own.values()].filter(({ done_at }) => done_at < before)))
    },
  }
}
