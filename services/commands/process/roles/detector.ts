/** The detector as a process of its own: holds some partitions of `events` and `signals`, as the group gives them out. */
import { createDetectorService } from '../../../detector/index.ts'
import type { CreateRole } from './role.ts'

export const createDetectorRole: CreateRole = (tools) => {
  const service = createDetectorService(tools)
  return {
    start: service.start,
    reasons() {
      const { state, reason, halted } = service.status()
      return state === 'running' ? halted : [`detection is ${state}: ${reason}`]
    },
    stop: service.stop,
  }
}
