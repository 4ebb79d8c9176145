/** Whether somebody else stands behind an act. */
import type { EventView } from '../../schemas/event.ts'

/**
 * The event names an approval that holds: its approver is neither who acts nor on whose behalf it is done, and its time is
 * not over. Who approved is told by the sender's system; a system that makes it up is not seen through here.
 */
export const isApproved = (event: EventView): boolean =>
  event.approval !== '' &&
  event.approver !== event.identity &&
  !event.on_behalf_of.includes(event.approver) &&
  (event.approval_expires === 0 || event.approval_expires >= event.time)
