/**
 * Log records that follow no GenAI convention: still an act of a named service. An HTTP or RPC record becomes an API
 * call, anything else an action by the name of its event. Texts of log lines are not kept.
 */
import { joined } from '../lib/clean.ts'
import { namedContact } from '../lib/contacts.ts'
import { activityOf, methodActivity } from '../lib/verbs.ts'
import type { Act } from './act.ts'
import { attributeText, type LogView } from './attributes.ts'
import { outcomeOf } from './common.ts'
import { actionName } from './flat.ts'

const METHOD = /^[A-Za-z]{1,16}$/

/** Whether a span is a call over the network: of a URL, a host or a remote procedure. */
export const isRemoteCall = (view: LogView): boolean =>
  attributeText(view, 'http.request.method', 'http.method', 'rpc.method') !== '' &&
  (view.record.kind === 3 || view.record.kind === 'SPAN_KIND_CLIENT')

export function plainActs(view: LogView): Act[] {
  const id = attributeText(view, 'log.record.uid')
  const named = attributeText(view, 'http.request.method', 'http.method')
  const method = METHOD.test(named) ? named.toUpperCase() : ''
  const rpc = [attributeText(view, 'rpc.service'), attributeText(view, 'rpc.method')].filter((part) => part !== '')
  const url = attributeText(view, 'url.full', 'http.url')
  const contact = namedContact(attributeText(view, 'server.address', 'net.peer.name') || url)
  const action = method !== '' ? `http.${method}` : rpc.length > 0 ? joined('/', rpc) : actionName(view.eventName)
  return [
    {
      id: id === '' ? undefined : ['log', id],
      sourceId: id,
      fields: {
        action,
        kind: 'api',
        activity: method === '' ? activityOf(rpc.at(-1) ?? view.eventName) : methodActivity(method),
        target: url || attributeText(view, 'url.path', 'http.route', 'http.target', 'db.collection.name', 'file.path'),
        target_kind: url === '' ? '' : 'url',
        peer: contact.peer,
        peer_domains: [...contact.domains],
        protocol: method === '' ? attributeText(view, 'rpc.system.name', 'rpc.system') : 'http',
        ...outcomeOf(view, false),
      },
    },
  ]
}
