/** What a delivery reports: written once for each action, and read back from the log. */
import type { Delivery } from '../../../schemas/delivery.ts'
import type { Notice } from '../../../schemas/notice.ts'
import type { StateStore, Transaction } from '../store.ts'
import { actionOf, type Memory } from './memory.ts'

/** State record `payload`: a notice, or the body that an older version had already written for webhooks. */
type Payload = { readonly notice: Notice } | { readonly text: string }

function noticeOf(payload: Payload): Notice {
  if ('notice' in payload) return payload.notice
  const { timestamp: time, ...rest } = JSON.parse(payload.text) as Omit<Notice, 'time'> & { readonly timestamp: string }
  return { ...rest, time }
}

export function writePayload(memory: Memory, tx: Transaction, actionId: string, notice: Notice): void {
  const payload: Payload = { notice }
  tx.place('payload', actionId, payload, (place) => {
    actionOf(memory, tx.tenant, actionId).place = place
  })
  memory.notices.set(actionId, notice)
}

/** Undefined where the log does not hold it any more. */
export async function readPayload(
  { notices, actions }: Memory,
  store: StateStore,
  { action_id }: Delivery,
): Promise<Notice | undefined> {
  const cached = notices.get(action_id)
  const place = actions.get(action_id)?.place
  if (cached !== undefined || place === undefined) return cached
  const body = (await store.readAt(place)) as Payload | undefined
  if (body === undefined) return undefined
  const notice = noticeOf(body)
  notices.set(action_id, notice)
  return notice
}

export function dropPayload({ notices, actions }: Memory, tx: Transaction, actionId: string): void {
  tx.remove('payload', actionId)
  notices.delete(actionId)
  const action = actions.get(actionId)
  if (action !== undefined) action.place = undefined
}
