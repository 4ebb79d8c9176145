/** Takes syslog after RFC 6587 (octet counting) and RFC 5424 with CEF version 0, and nothing else. */
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { demand, type SinkReceiver, type StartReceiver, type Taken } from './receiver.ts'

const RFC5424 =
  /^<(\d{1,3})>1 (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) ([!-~]{1,255}) ([!-~]{1,48}) (-|[!-~]{1,128}) (-|[!-~]{1,32}) (-|\[.*\]) (.*)$/s
const PRIORITY_MAX = 191
/** Everything up to a separator that no backslash stands before. */
const HEADER_FIELD = /((?:[^|\\]|\\[|\\])*)\|/y
const EXTENSION = /(?:^| )([A-Za-z0-9]+)=((?:[^=\\]|\\[=\\nr])*?)(?= [A-Za-z0-9]+=|$)/gy

function extensionOf(text: string): Map<string, string> {
  const found = new Map<string, string>()
  EXTENSION.lastIndex = 0
  let end = 0
  for (let match = EXTENSION.exec(text); match !== null; match = EXTENSION.exec(text)) {
    found.set(match[1]!, match[2]!)
    end = EXTENSION.lastIndex
  }
  demand(end === text.length, `an extension that cannot be read from ${end}: ${text.slice(end, end + 40)}`)
  return found
}

function check(message: string): Taken {
  demand(
    !/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/.test(message),
    'a character that is not shown',
  )
  const parts = RFC5424.exec(message)
  demand(parts !== null, `not a message of RFC 5424: ${message.slice(0, 80)}`)
  demand(Number(parts[1]) <= PRIORITY_MAX, `priority ${parts[1]}`)
  const cef = parts[8]!
  const fields: string[] = []
  HEADER_FIELD.lastIndex = 0
  for (let i = 0; i < 7; i++) {
    const field = HEADER_FIELD.exec(cef)
    demand(field !== null, `a CEF header of ${i} fields`)
    fields.push(field[1]!)
  }
  demand(fields[0] === 'CEF:0', 'not CEF version 0')
  demand(/^(\d|10)$/.test(fields[6]!), `a severity ${fields[6]}`)
  const extension = extensionOf(cef.slice(fields.join('|').length + 1))
  demand(/^\d{13}$/.test(extension.get('rt') ?? ''), 'no receipt time')
  return { text: message, key: extension.get('externalId') ?? '', act: fields[4]! }
}

/** Takes whole frames out of what has come so far; answers the rest. */
function takeFrames(buffer: Buffer, take: (message: string) => void): Buffer {
  let rest = buffer
  for (;;) {
    const blank = rest.indexOf(' ')
    if (blank < 0) return rest
    const length = Number(rest.toString('latin1', 0, blank))
    demand(Number.isInteger(length) && length > 0, `a frame that does not begin with its length`)
    if (rest.length < blank + 1 + length) return rest
    take(rest.toString('utf8', blank + 1, blank + 1 + length))
    rest = rest.subarray(blank + 1 + length)
  }
}

export const startReceiver: StartReceiver = async () => {
  const taken: Taken[] = []
  const problems: string[] = []
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    let rest: Buffer = Buffer.alloc(0)
    socket.on('data', (chunk: Buffer) => {
      try {
        rest = takeFrames(Buffer.concat([rest, chunk]), (message) => taken.push(check(message)))
      } catch (error) {
        problems.push((error as Error).message)
      }
    })
    socket.on('error', () => socket.destroy())
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  const receiver: SinkReceiver = {
    async setMood(mood) {
      receiver.mood = mood
      if (mood === 'refuse') {
        server.close()
        for (const socket of sockets) socket.destroy()
      } else if (mood === 'stall') for (const socket of sockets) socket.pause()
      else {
        for (const socket of sockets) socket.resume()
        if (!server.listening) await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
      }
    },
    settings: { host: '127.0.0.1', port, protocol: 'tcp', allow_private: true },
    mood: 'take',
    taken,
    problems,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
  return receiver
}
