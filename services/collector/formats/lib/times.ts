/**
 * Event times. A time is read as the producer wrote it, in UTC if it names no zone, so that a result never depends on the
 * machine's own zone. A time that is missing, older than 2015 or more than ten minutes ahead of its receipt is replaced by
 * the receipt time and flagged; nothing else is ever replaced.
 */
import type { TIME_FLAGS } from '../../../../schemas/event.ts'
import { LIMITS } from '../../../../schemas/limits.ts'

export type TimeFlag = (typeof TIME_FLAGS)[number]

const ISO =
  /^(\d{4})-(\d{2})-(\d{2})(?:[Tt ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,12}))?)?\s?(Z|z|UTC|[+-]\d{2}(?::?\d{2})?)?)?$/

/** Minutes that a zone is ahead of UTC. */
function zoneMinutes(zone: string | undefined): number {
  if (zone === undefined || !/^[+-]/.test(zone)) return 0
  const hours = Number(zone.slice(1, 3))
  const minutes = Number(zone.slice(3).replace(':', '') || 0)
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes)
}

/** ISO 8601, or the form with a space between date and time; ms since 1970, undefined if neither. */
export function isoTime(text: string): number | undefined {
  const parts = ISO.exec(text.trim())
  if (parts === null) return undefined
  const [, year, month, day, hour = '0', minute = '0', second = '0', fraction = '', zone] = parts
  const ms = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second))
  const valid = Number(month) >= 1 && Number(month) <= 12 && Number(day) >= 1 && Number(day) <= 31 && Number(hour) <= 24
  return valid ? ms + Number(fraction.padEnd(3, '0').slice(0, 3)) - zoneMinutes(zone) * 60_000 : undefined
}

/** How many digits extend the unit of a number since 1970 to nanoseconds: 9 for seconds, 0 for nanoseconds. */
function nanoDigits(whole: string): number {
  if (whole.length <= 11) return 9
  if (whole.length <= 14) return 6
  return whole.length <= 17 ? 3 : 0
}

const DECIMAL = /^(-?)0*(\d{1,30})(?:\.(\d{1,30}))?$/

/**
 * A number since 1970 in seconds, milliseconds, microseconds or nanoseconds: told apart by size, which is unambiguous for
 * every time from 1973 to 5138. It is read by its digits, because a double holds nanoseconds of today only to 256 ns: to
 * divide one would put every eighth whole millisecond into the one before.
 */
function epochTime(text: string): number | undefined {
  const decimal = DECIMAL.exec(text)
  if (decimal === null) return undefined
  const [, sign, whole = '', fraction = ''] = decimal
  const beyond = nanoDigits(whole) - 6
  const ms = beyond < 0 ? whole.slice(0, beyond) : whole + fraction.padEnd(beyond, '0').slice(0, beyond)
  return sign === '-' ? -Number(ms) : Number(ms)
}

/** Whatever a producer calls a time: ISO text, or a number since 1970 as number or text; ms, undefined if it is neither. */
export function readTime(value: unknown): number | undefined {
  if (typeof value === 'number') return epochTime(String(value))
  return typeof value === 'string' ? (epochTime(value) ?? isoTime(value)) : undefined
}

/**
 * What `readTime` leaves out: the nanoseconds of a time below its millisecond, 0 to 999,999; 0 where the value is no time
 * or has none. A number beyond 2^53 is as exact as JSON made it.
 */
export function readNanos(value: unknown): number {
  const text = typeof value === 'number' ? String(value) : value
  if (typeof text !== 'string') return 0
  const decimal = DECIMAL.exec(text)
  if (decimal !== null) {
    const [, sign, whole = '', fraction = ''] = decimal
    const digits = nanoDigits(whole)
    return sign === '-' ? 0 : Number(`000000${whole}${fraction.padEnd(digits, '0').slice(0, digits)}`.slice(-6))
  }
  const fraction = ISO.exec(text.trim())?.[7] ?? ''
  return Number(fraction.slice(3, 9).padEnd(6, '0'))
}

/** OTLP's nanoseconds since 1970, as text or number; 0 means unknown there. */
export function unixNanoTime(value: unknown): number | undefined {
  const text = typeof value === 'number' ? String(value) : value
  return typeof text === 'string' && /^\d{7,24}$/.test(text) ? Number(text.slice(0, -6)) || undefined : undefined
}

/** The event time to use, and what was wrong with the producer's. */
export function eventTime(time: number | undefined, receiptTime: number): { time: number; flag: TimeFlag } {
  if (time === undefined) return { time: receiptTime, flag: 'missing' }
  if (time < LIMITS.event_time_ms_min) return { time: receiptTime, flag: 'ancient' }
  if (time > receiptTime + LIMITS.event_ahead_ms_max) return { time: receiptTime, flag: 'future' }
  return { time, flag: 'ok' }
}
