/**
 * Appends what the log may refuse for its size, however little its brokers take: what is refused is halved until it is taken or
 * a single item is left. That item alone is given back, for its dead letter; its neighbours, which may be another tenant's, are
 * stored. Items of what was refused in part may be appended twice: whoever reads the log drops repeats by their ids.
 */
import { LogError, type RecordInput } from './port.ts'

export interface TooLarge<T> {
  readonly item: T
  /** What the log said of it. */
  readonly reason: string
}

export interface Halving<T> {
  /** One record of the log with these items, in their order; never called with none. */
  encode(items: readonly T[]): RecordInput | Promise<RecordInput>
  /** Where a record of so many items is cut: the number of the first of the second half. Default: in the middle. */
  middle?(items: readonly T[]): number
  /** Resolves when the records are durable. Throws LogError. */
  append(records: readonly RecordInput[]): Promise<unknown>
}

const middleOf = ({ length }: readonly unknown[]): number => Math.ceil(length / 2)

/**
 * Appends one record for each group, in order, and answers the items that are too large by themselves. Throws the LogError of
 * any other trouble; then some of the groups may be stored.
 */
export async function appendHalving<T>(groups: readonly (readonly T[])[], tools: Halving<T>): Promise<TooLarge<T>[]> {
  const [only] = groups
  if (only === undefined) return []
  try {
    await tools.append(await Promise.all(groups.map(async (items) => tools.encode(items))))
    return []
  } catch (error) {
    if (!(error instanceof LogError) || error.code !== 'record_too_large') throw error
    const [item] = only
    if (groups.length === 1 && only.length === 1 && item !== undefined) return [{ item, reason: error.message }]
    const at = groups.length > 1 ? middleOf(groups) : (tools.middle ?? middleOf)(only)
    const [first, second] =
      groups.length > 1 ? [groups.slice(0, at), groups.slice(at)] : [[only.slice(0, at)], [only.slice(at)]]
    // One after the other: the order of the items is kept.
    return [...(await appendHalving(first, tools)), ...(await appendHalving(second, tools))]
  }
}
