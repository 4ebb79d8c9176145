/**
 * Opens connections for webhooks, and refuses forbidden addresses at the moment of connecting. A name is resolved here,
 * all its addresses are checked, and exactly the checked ones are connected to: a name that resolves to another address a
 * moment later gains nothing. The remote address is checked once more after connecting.
 */
import { lookup as dnsLookup } from 'node:dns'
import { readFileSync } from 'node:fs'
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
  /** Certificates, in PEM, that the receiver is trusted by; read at each connection, so that a new one needs no restart. */
  readonly caFile?: string
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
  const { caFile, timeoutMs: timeout } = options
  const build = (ca?: Buffer): buildConnector.connector =>
    buildConnector({ timeout, lookup: guardedLookup(options), ...(ca === undefined ? {} : { ca }) })
  const plain = build()
  return (target, callback) => {
    const literal = target.hostname.replace(/^\[|\]$/g, '')
    // Where the host is an address, nothing is looked up.
    const range = options.allowPrivate || isIP(literal) === 0 ? undefined : addressProblem(literal)
    if (range !== undefined) {
      callback(new AddressRefused(range), null)
      return
    }
    let connect = plain
    try {
      if (caFile !== undefined) connect = build(readFileSync(caFile))
    } catch (error) {
      callback(error as Error, null)
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
