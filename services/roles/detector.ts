/** The detector: holds partitions of `events` and `signals`, as the group gives them out. */
import { createDetectorService, type DetectorStatus } from '../detector/index.ts'
import type { Role, RoleTools } from './role.ts'

export interface DetectorRole extends Role {
  /** Identities of a tenant in the partitions that are held here, at least those that were known at the newest finding. */
  identitiesOf(tenant: string): number
}

/** Why detection does not run, or not everywhere. */
export const reasonsOf = ({
  state,
  reason,
  halted,
}: Pick<DetectorStatus, 'state' | 'reason' | 'halted'>): readonly string[] =>
  state === 'running' ? halted : [`detection is ${state}: ${reason}`]

export function createDetectorRole(tools: RoleTools): DetectorRole {
  const service = createDetectorService(tools)
  return {
    start: service.start,
    reasons: () => reasonsOf(service.status()),
    stop: service.stop,
    identitiesOf: (tenant) => service.identities().get(tenant) ?? 0,
  }
}
