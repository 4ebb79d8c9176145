/**
 * A list of host names, addresses and ranges of addresses, as configuration writes them, and which entry a host or address falls
 * under. A listed domain covers itself and everything below it (`www.`, `api.`), and nothing that merely looks like it. A URL, a
 * host with a port and an e-mail address are read down to their host; addresses are compared as numbers, so that
 * `::ffff:192.0.2.7` and `192.0.2.7` are one.
 */
import ipaddr from 'ipaddr.js'
import { getHostname } from 'tldts'

type Address = ReturnType<typeof ipaddr.process>
type Range = readonly [Address, number]

const KNOWN_MAX = 1_024

/** Host names by their words, and ranges of addresses: one value for each. */
export class HostList<T> {
  readonly #hosts = new Map<string, T>()
  readonly #ranges: (readonly [Range, T])[] = []
  /** Answers that were given: few hosts make most of a log. Forgotten all at once when there are many. */
  readonly #known = new Map<string, T | undefined>()

  /** Takes a host name (`*.` in front allowed), address or CIDR range. The first entry of a host wins. */
  add(entry: string, value: T): void {
    this.#known.clear()
    const word = entry.trim().toLowerCase()
    const range = rangeOf(word)
    if (range !== undefined) {
      this.#ranges.push([range, value])
      return
    }
    const host = hostOf(word.startsWith('*.') ? word.slice(2) : word)
    if (host !== undefined && !this.#hosts.has(host)) this.#hosts.set(host, value)
  }

  find(hostOrAddress: string): T | undefined {
    if (this.#hosts.size === 0 && this.#ranges.length === 0) return undefined
    const known = this.#known.get(hostOrAddress)
    if (known !== undefined || this.#known.has(hostOrAddress)) return known
    const found = this.#find(hostOrAddress)
    if (this.#known.size >= KNOWN_MAX) this.#known.clear()
    this.#known.set(hostOrAddress, found)
    return found
  }

  #find(hostOrAddress: string): T | undefined {
    const host = hostOf(hostOrAddress)
    if (host === undefined) return undefined
    const address = addressOf(host)
    if (address !== undefined) return this.#ranges.find(([range]) => isWithin(address, range))?.[1]
    for (let at = 0; at >= 0; at = host.indexOf('.', at) + 1 || -1) {
      const found = this.#hosts.get(host.slice(at))
      if (found !== undefined) return found
    }
    return undefined
  }
}

/** The host of a URL, host with port, mail address or bare host; undefined if there is none. */
function hostOf(word: string): string | undefined {
  const text = word.trim()
  if (addressOf(text) !== undefined) return text
  return getHostname(text, { detectIp: true, validateHostname: true }) ?? undefined
}

/** Any spelling of an address, the numeric ones that browsers take included (`0x7f.1`). */
function addressOf(word: string): Address | undefined {
  if (!/^[0-9a-fx.:]+$/i.test(word) || !ipaddr.isValid(word)) return undefined
  return ipaddr.process(word)
}

function rangeOf(word: string): Range | undefined {
  const [base = '', bits] = word.split('/')
  const address = addressOf(base)
  if (address === undefined) return undefined
  const full = address.kind() === 'ipv4' ? 32 : 128
  if (bits === undefined) return [address, full]
  return /^\d{1,3}$/.test(bits) && Number(bits) <= full ? [address, Number(bits)] : undefined
}

const isWithin = (address: Address, [base, bits]: Range): boolean =>
  address.kind() === base.kind() && (address as ipaddr.IPv6).match(base, bits)

/** Whether a text is an address within a range, or the address itself; false for anything else. */
export function isInRange(text: string, range: string): boolean {
  const address = addressOf(text.trim())
  const bounds = rangeOf(range.trim().toLowerCase())
  return address !== undefined && bounds !== undefined && isWithin(address, bounds)
}
