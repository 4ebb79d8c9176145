/** The ids of records: what the producer named, or the record itself. */
import { H } from '../../../../schemas/ids.ts'
import type { Draft } from '../format.ts'
import { canonical } from './json.ts'

/** Makes the producer's part of an event id. */
export type MakeId = (id: Draft['id']) => string

const isNamed = (id: Draft['id']): id is readonly (string | number)[] => Array.isArray(id)

/**
 * For one request, or for one value of it with its own place. A record without an id gets the hash of its body and the
 * number of equal bodies before it. The same request sent again gives the same ids; two equal records of one request stay
 * two events.
 */
export function createIds(place?: string): MakeId {
  const seen = new Map<string, number>()
  return (id) => {
    if (isNamed(id)) return H(...id)
    const hash = H('body', 'canonical' in id ? id.canonical : canonical(id.body))
    const before = seen.get(hash) ?? 0
    seen.set(hash, before + 1)
    return place === undefined ? H(hash, before) : H(hash, 'at', place, before)
  }
}
