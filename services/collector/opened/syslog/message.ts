/** The header of a syslog message: RFC 5424, RFC 3164 and what is commonly sent under that name. */

export interface SyslogMessage {
  /** Of the head, as far as it names them. */
  readonly fields: Readonly<Record<string, unknown>>
  /** ISO 8601; absent where the head has no time, or one without a year. */
  readonly time?: string
  readonly text: string
}

const PRIORITY = /^<(\d{1,3})>/
const HEAD_5424 = /^1 (\S{1,64}) (\S{1,255}) (\S{1,48}) (\S{1,128}) (\S{1,32}) /
const ISO = /^\d{4}-\d\d-\d\dT[\d:.]{8,18}(?:Z|[+-]\d\d:\d\d)$/
// A tag without its colon counts only before JSON: a first word may be anything.
const HEAD_3164 =
  /^([A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT[\d:.]{8,18}(?:Z|[+-]\d\d:\d\d)) (?:(\S{0,254}[^\s:]) )?([\w./@-]{1,48})(?:\[([^\]\s]{0,64})\])?(?:: ?| (?=[{[]|@cee:))/
const ELEMENT_MAX = 32
const PARAMETERS_MAX = 64

/** Structured data, and where it ends: `[id name="value"]...` or `-`. */
function structuredData(text: string): { readonly data: Readonly<Record<string, object>>; readonly end: number } {
  const elements: [string, object][] = []
  let i = 0
  if (text.startsWith('-')) return { data: {}, end: 1 }
  while (text.charAt(i) === '[' && elements.length < ELEMENT_MAX) {
    const id = /^\[([^\s\]="]{1,64})/.exec(text.slice(i, i + 66))
    if (id === null) break
    i += id[0].length
    const parameters: [string, string][] = []
    while (text.charAt(i) === ' ' && parameters.length < PARAMETERS_MAX) {
      const name = /^ ([^\s\]="]{1,64})="/.exec(text.slice(i, i + 68))
      if (name === null) break
      i += name[0].length
      let value = ''
      for (; i < text.length && text.charAt(i) !== '"'; i++) {
        if (text.charAt(i) === '\\' && /["\\\]]/.test(text.charAt(i + 1))) i += 1
        value += text.charAt(i)
      }
      i += 1
      parameters.push([name[1] as string, value])
    }
    if (text.charAt(i) !== ']') break
    i += 1
    elements.push([id[1] as string, Object.fromEntries(parameters.filter(([name]) => name !== '__proto__'))])
  }
  return { data: Object.fromEntries(elements.filter(([id]) => id !== '__proto__')), end: i }
}

const named = (fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && value !== '-' && value !== ''))

/** Never throws; a message without a head is all text. */
export function readMessage(message: string): SyslogMessage {
  const priority = PRIORITY.exec(message)
  const rest = priority === null ? message : message.slice(priority[0].length)
  const number = priority === null ? undefined : Number(priority[1])
  const level = number === undefined ? {} : { facility: number >> 3, severity: number & 7 }
  const modern = HEAD_5424.exec(rest.slice(0, 600))
  if (modern !== null) {
    const [all, time = '', host, app, pid, msgid] = modern
    const { data, end } = structuredData(rest.slice(all.length))
    const structured = Object.keys(data).length === 0 ? {} : { data }
    const fields = named({ ...level, host, app, pid, msgid, ...structured })
    const text = rest.slice(all.length + end).replace(/^ ?\uFEFF?/, '')
    return { fields, text, ...(ISO.test(time) ? { time } : {}) }
  }
  const old = HEAD_3164.exec(rest.slice(0, 600))
  if (old === null) return { fields: level, text: rest }
  const [all, time = '', host, app, pid] = old
  const isIso = ISO.test(time)
  const fields = named({ ...level, host, app, pid, ...(isIso ? {} : { timestamp: time }) })
  return { fields, text: rest.slice(all.length), ...(isIso ? { time } : {}) }
}
