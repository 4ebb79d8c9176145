/**
 * The address that a channel without HTTP connects to: the name is resolved here, every address it has is checked, and the
 * checked one is connected to, so that a name that answers otherwise a moment later gains nothing.
 */
import { isIP } from 'node:net'
import { addressProblem } from '../../../lib/config/public-address.ts'
import { AddressRefused, type Resolve } from './connector.ts'

/** One address of the host that sinks may reach. Throws AddressRefused if one is forbidden, or the resolver's error. */
export function addressOf(host: string, allowPrivate: boolean, resolve: Resolve): Promise<string> {
  const check = (addresses: readonly string[]): string => {
    const range = allowPrivate ? undefined : addresses.map(addressProblem).find((problem) => problem !== undefined)
    if (range !== undefined) throw new AddressRefused(range)
    return addresses[0]!
  }
  if (isIP(host) !== 0) return Promise.resolve().then(() => check([host]))
  return new Promise((done, fail) => {
    resolve(host, (error, addresses) => {
      if (error !== null || addresses.length === 0) fail(error ?? new Error('the name has no address'))
      else {
        try {
          done(check(addresses.map(({ address }) => address)))
        } catch (problem) {
          fail(problem)
        }
      }
    })
  })
}
