/** From where syslog is taken, and how much of it. */
import { BlockList, isIPv6 } from 'node:net'
import { COLLECTOR_LIMITS } from '../../limits.ts'
import { rangeOf, type SyslogSettings } from './settings.ts'

/** Whether an address may send; without `from` everybody who reaches the port. */
export function createAllowed({ from }: Pick<SyslogSettings, 'from'>): (address: string | undefined) => boolean {
  if (from === undefined) return () => true
  const list = new BlockList()
  for (const text of from) {
    const range = rangeOf(text)
    if (range !== undefined) list.addSubnet(range.address, range.bits, range.family)
  }
  return (given) => {
    const address = given?.replace(/^::ffff:(?=\d+\.)/, '').replace(/%.*$/, '') ?? ''
    return address !== '' && list.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')
  }
}

/** Counts lines within a second. `takes`: whether one more may come in this second. */
export function createRate(perSecondMax: number, elapsed: () => number) {
  let second = Math.floor(elapsed() / 1_000)
  let count = 0
  return {
    takes(): boolean {
      const now = Math.floor(elapsed() / 1_000)
      if (now !== second) [second, count] = [now, 0]
      count += 1
      return count <= perSecondMax
    },
    /** Until the next second begins, in ms. */
    restMs: (): number => Math.max(COLLECTOR_LIMITS.open_gather_ms, 1_000 - (elapsed() % 1_000)),
  }
}
