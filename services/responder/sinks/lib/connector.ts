/**
 * Opens connections for webhooks, and refuses addresses that a webhook must not reach at the moment of connecting. A name
 * is resolved here, every address it has is checked, and exactly the checked ones are connected to: a name that answers
 * with another address a moment later gains nothing. The address at the other end is checked once more when it stands.
 */
import { lookup as dnsLookup } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import { buildConnector } from 'undici'
import { addressProblem } from '../../../lib/config/public-address.ts'

/** One address of a name. */
export interface ResolvedAddress {
  readonly address: string
  readonly family: number
}

/** Resolves a host name to all its addresses, as `dns.lookup` does. */
export type Resolve = (
  hostname: string,
  callback: (error: NodeJS.ErrnoException | null, addresses: readonly ResolvedAddress[]) => void,
) => void

export const systemResolve: Resolve = (hostname, callback) => dnsLookup(hostname, { all: true }, callback)

/** The address is not one that a webhook may go to. */
export class AddressRefused extends Error {
  override readonly name = 'AddressRefused'
  /** `range`: the name of the address's range. */
  constructor(range: string) {
    super(`the address is not public (${range}): allow it with allow_private: true`)
  }
}

/** Which of the addresses is forbidden, if any: one is enough to refuse the name. */
const forbidden = (addresses: readonly string[]): string | undefined =>
  addresses.map(addressProblem).find((range) => range !== undefined)

export interface ConnectorOptions {
  readonly allowPrivate: boolean
  readonly resolve: Resolve
  readonly timeoutMs: number
}

/** Resolves as the sinks do, and refuses names with an address that they must not reach. */
export function guardedLookup(options: Pick<ConnectorOptions, 'allowPrivate' | 'resolve'>): LookupFunction {
  return (hostname, lookupOptions, callback) => {
    options.resolve(hostname, (error, addresses) => {
      const first = error === null ? addresses[0] : undefined
      if (first === undefined) {
        callback(error ?? new Error('the name has no address'), '', 0)
        return
      }
      const range = options.allowPrivate ? undefined : forbidden(addresses.map(({ address }) => address))
      if (range !== undefined) callback(new AddressRefused(range), '', 0)
      else if (lookupOptions.all === true) callback(null, [...addresses])
      else callback(null, first.address, first.family)
    })
  }
}

/** A connector for undici's pools. */
export function createConnector(options: ConnectorOptions): buildConnector.connector {
  const connect = buildConnector({
    timeout: options.timeoutMs,
    lookup: guardedLookup(options),
  })
  return (target, callback) => {
    const literal = target.hostname.replace(/^\[|\]$/g, '')
    // Where the host is an address, nothing is looked up.
    const range = options.allowPrivate || isIP(literal) === 0 ? undefined : addressProblem(literal)
    if (range !== undefined) {
      callback(new AddressRefused(range), null)
      return
    }
    connect(target, (...[error, socket]) => {
      if (error !== null) {
        callback(error, null)
        return
      }
      const reached = options.allowPrivate ? undefined : addressProblem(socket.remoteAddress ?? '')
      if (reached === undefined) {
        callback(null, socket)
        return
      }
      socket.destroy()
      callback(new AddressRefused(reached), null)
    })
  }
}
