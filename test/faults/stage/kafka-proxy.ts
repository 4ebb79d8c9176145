/**
 * A TCP proxy between clients and brokers that knows where a request or an answer of Kafka's protocol begins, and what it
 * asks for: so a fault can lose the answers to commits, or hold back everything that one process has already sent.
 *
 * The wire: a frame is its length (int32) and so many bytes. A request begins with api key (int16), version (int16),
 * correlation id (int32) and client id (int16 length, text); an answer with the correlation id of its request.
 */
import { connect, createServer, type Server, type Socket } from 'node:net'
import type { Door } from '../../../infra/local/kafka.ts'

/** Api keys by the protocol's own names. */
export const API = { Produce: 0, Fetch: 1, OffsetCommit: 8, JoinGroup: 11, Heartbeat: 12 } as const

export interface KafkaFrame {
  readonly kind: 'request' | 'answer'
  /** Of the request that this is, or that it answers. */
  readonly api: number
  readonly clientId: string
  readonly bytes: Buffer
}

/** hold: it waits, and everything behind it on its connection. drop: it never arrives, and the connection goes on. */
export type Verdict = 'pass' | 'hold' | 'drop'
export type Rule = (frame: KafkaFrame) => Verdict

export interface KafkaProxy {
  /** Holds for what waits and for all that comes. */
  setRule(rule: Rule): void
  /** Frames that have met another verdict than pass since the proxy was started. */
  readonly disturbed: number
  close(): Promise<void>
}

interface Asked {
  readonly api: number
  readonly clientId: string
}

const LENGTH_BYTES = 4

/** Cuts a stream of bytes into frames; a frame keeps its length field. */
function createSplitter(onFrame: (bytes: Buffer) => void): (chunk: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0)
  return (chunk) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    while (rest.length >= LENGTH_BYTES) {
      const end = LENGTH_BYTES + rest.readInt32BE(0)
      if (rest.length < end) return
      onFrame(rest.subarray(0, end))
      rest = rest.subarray(end)
    }
  }
}

function askedIn(bytes: Buffer): Asked & { readonly correlation: number } {
  const length = bytes.readInt16BE(12)
  const clientId = length < 0 ? '' : bytes.toString('utf8', 14, 14 + length)
  return { api: bytes.readInt16BE(4), correlation: bytes.readInt32BE(8), clientId }
}

/** One direction of one connection: frames go on in their order, as the rule says. */
function createLane(to: Socket, judge: (frame: KafkaFrame) => Verdict) {
  const waiting: KafkaFrame[] = []
  let ended = false
  function pump(): void {
    for (let frame = waiting[0]; frame !== undefined; frame = waiting[0]) {
      const verdict = judge(frame)
      if (verdict === 'hold') return
      waiting.shift()
      if (verdict === 'pass' && to.writable) to.write(frame.bytes)
    }
    if (ended) to.end()
  }
  return {
    pump,
    push(frame: KafkaFrame) {
      waiting.push(frame)
      pump()
    },
    /** What waits still arrives, although whoever sent it is gone: so it is with packets that are under way. */
    end() {
      ended = true
      pump()
    },
  }
}

/** Listens where a door of local brokers says that they are. Every client of the door goes through here. */
export async function startKafkaProxy(door: Door): Promise<KafkaProxy> {
  const pumps = new Set<() => void>()
  const sockets = new Set<Socket>()
  let rule: Rule = () => 'pass'
  let disturbed = 0

  const judge = (frame: KafkaFrame): Verdict => {
    const verdict = rule(frame)
    if (verdict !== 'pass') disturbed++
    return verdict
  }

  function join(client: Socket, target: number): void {
    const broker = connect(target, '127.0.0.1')
    const asked = new Map<number, Asked>()
    const requests = createLane(broker, judge)
    const answers = createLane(client, judge)
    const read = createSplitter((bytes) => {
      const { correlation, ...mine } = askedIn(bytes)
      asked.set(correlation, mine)
      requests.push({ kind: 'request', ...mine, bytes })
    })
    const hear = createSplitter((bytes) => {
      const correlation = bytes.readInt32BE(LENGTH_BYTES)
      const { api, clientId } = asked.get(correlation) ?? { api: -1, clientId: '' }
      asked.delete(correlation)
      answers.push({ kind: 'answer', api, clientId, bytes })
    })
    const pump = (): void => {
      requests.pump()
      answers.pump()
    }
    pumps.add(pump)
    client.on('data', read).on('close', requests.end)
    broker.on('data', hear).on('close', () => {
      pumps.delete(pump)
      sockets.delete(broker)
      answers.end()
    })
    for (const socket of [client, broker]) {
      sockets.add(socket)
      socket.setNoDelay(true)
      socket.on('error', () => undefined).on('close', () => sockets.delete(socket))
    }
  }

  const servers = await Promise.all(
    door.routes.map(async ({ port, target }): Promise<Server> => {
      const server = createServer((client) => join(client, target))
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject).listen(port, '127.0.0.1', resolve)
      })
      return server
    }),
  )
  return {
    setRule(next) {
      rule = next
      for (const pump of pumps) pump()
    },
    get disturbed() {
      return disturbed
    },
    async close() {
      for (const socket of sockets) socket.destroy()
      await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
    },
  }
}
