/** Whether somebody else approved an act. */
import type { EventView } from '../../schemas/event.ts'

/**
 * Whether the event names a valid approval: the approver is neither the actor nor anybody on whose behalf it acts, and
 * the approval has not expired. The sender's system reports the approver; one that it makes up is not detected here.
 */
export const isApproved = (event: EventView): boolean =>
  event.approval !== '' &&
  event.approver !== event.identity &&
  !event.on_behalf_of.includes(event.approver) &&
  (event.approval_expires === 0 || event.approval_expires >= event.time)
