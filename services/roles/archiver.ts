/** The archiver: brings partitions into the warehouse, as the group gives them out. */
import { createArchiver } from '../archiver/index.ts'
import type { CreateRole } from './role.ts'

export const createArchiverRole: CreateRole = (tools) => {
  const warehouse = tools.warehouse()
  const archiver = createArchiver({ ...tools, warehouse })
  return {
    start: archiver.start,
    reasons() {
      const { state, reason } = archiver.status()
      return state === 'running' ? [] : [`archiving is ${state}: ${reason}`]
    },
    async stop() {
      await archiver.stop()
      await warehouse.close()
    },
  }
}
