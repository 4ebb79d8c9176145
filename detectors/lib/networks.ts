/** What a source is: the network of an address, or the name of a service that acts in somebody's place. */

const SLASH = 47
const ZERO = 48
const NINE = 57

/** Whether `source_network` is the /24 or /48 of an address; a service's name that stands there is no network. */
export function isNetwork(sourceNetwork: string): boolean {
  const at = sourceNetwork.length - 3
  if (at < 1 || sourceNetwork.charCodeAt(at) !== SLASH) return false
  const digit = sourceNetwork.charCodeAt(at + 1)
  return digit >= ZERO && digit <= NINE
}
