/** The detector: holds partitions of `events` and `signals`, as the group gives them out. */
import { createDetectorService } from '../detector/index.ts'
import type { Role, RoleTools } from './role.ts'

export interface DetectorRole extends Role {
  /** Identities of a tenant in the partitions that are held here. */
  identitiesOf(tenant: string): number
  /** Time of the first event of an identity, in ms since 1970; undefined where none of these partitions knows it. */
  knownSince(tenant: string, identity: string): number | undefined
}

export function createDetectorRole(tools: RoleTools): DetectorRole {
  const service = createDetectorService(tools)
  return {
    start: service.start,
    reasons() {
      const { state, reason, halted } = service.status()
      return state === 'running' ? halted : [`detection is ${state}: ${reason}`]
    },
    stop: service.stop,
    identitiesOf: service.identitiesOf,
    knownSince: service.knownSince,
  }
}
