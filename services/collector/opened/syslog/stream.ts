/** Syslog over TCP and TLS. A connection is not read on while the log is behind or its rate is used up. */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, TLSSocket } from 'node:tls'
import { COLLECTOR_LIMITS } from '../../limits.ts'
import { OpenError, type Opened, type OpenSender, type OpenTools } from '../opened.ts'
import { createFraming } from './framing.ts'
import { createLineQueue, type LineQueue } from './queue.ts'
import { createAllowed, createRate } from './senders.ts'
import type { SyslogSettings } from './settings.ts'

const NUL = 0x00
const BLANK = 0x20

/** NUL separates the lines of a body, so a NUL from a sender becomes a blank. Returns a copy. */
export function cleanLine(line: Buffer): Buffer {
  const copy = Buffer.from(line)
  if (copy.includes(NUL)) for (let i = 0; i < copy.length; i++) if (copy[i] === NUL) copy[i] = BLANK
  return copy
}

function read(file: string): Buffer {
  try {
    return readFileSync(file)
  } catch (error) {
    throw new OpenError(`${file} cannot be read (${(error as NodeJS.ErrnoException).code})`)
  }
}

/** With either protocol, `take` gets connections that can be read. */
function serverOf(settings: SyslogSettings, take: (socket: Socket) => void, refuse: () => void): Server {
  const { protocol, cert_file: cert = '', key_file: key = '', client_ca_file: authority } = settings
  if (protocol !== 'tls') return createServer(take)
  const clients = authority === undefined ? {} : { ca: read(authority), requestCert: true, rejectUnauthorized: true }
  const handshakeTimeout = COLLECTOR_LIMITS.open_handshake_ms_max
  const server = createTlsServer(
    { cert: read(cert), key: read(key), minVersion: 'TLSv1.2', handshakeTimeout, ...clients },
    take,
  )
  server.on('tlsClientError', refuse)
  return server
}

/** The names in a client's certificate that its authority vouches for. */
function namesOf(socket: TLSSocket): readonly string[] {
  const { subject, subjectaltname = '' } = socket.getPeerCertificate() as
    | ReturnType<TLSSocket['getPeerCertificate']>
    | { subject?: undefined; subjectaltname?: undefined }
  const common = subject?.CN
  const others = [...subjectaltname.matchAll(/(?:^|, )DNS:([^,\s"]{1,255})/g)].map((match) => match[1] as string)
  return [...(common === undefined ? [] : [common].flat()), ...others]
}

/** One port: its connections, and the queues of those who send. */
interface Port {
  readonly settings: SyslogSettings
  readonly tools: OpenTools
  readonly allowed: ReturnType<typeof createAllowed>
  readonly rate: ReturnType<typeof createRate>
  readonly queues: Map<string, LineQueue>
  readonly sockets: Set<Socket>
}

const queueOf = (port: Port, sender: OpenSender): LineQueue => {
  const { format, plain } = port.settings
  const found = port.queues.get(sender.sender)
  if (found !== undefined) return found
  const made = createLineQueue(COLLECTOR_LIMITS.open_stream_queue_bytes_max, (body) =>
    port.tools.take(body, { format, plain }, sender),
  )
  port.queues.set(sender.sender, made)
  return made
}

/** Undefined where nobody is known who has this certificate. */
function senderOf(port: Port, socket: Socket): OpenSender | undefined {
  const { clients } = port.settings
  if (clients === undefined || !(socket instanceof TLSSocket)) return port.tools.sender
  const names = namesOf(socket)
  const client = clients.find(({ name }) => names.includes(name))
  return client === undefined ? undefined : port.tools.senderOf(client.token)
}

function refuse(port: Port, socket: Socket, reason: 'connections' | 'unauthorised'): void {
  port.tools.drop(reason)
  socket.destroy()
}

function listen(port: Port, socket: Socket, queue: LineQueue): void {
  const framing = createFraming({
    bytesMax: COLLECTOR_LIMITS.open_line_bytes_max,
    onTooLong: () => port.tools.drop('too_long'),
    onBroken: () => {
      port.tools.drop('too_long')
      socket.destroy()
    },
  })
  let resting: NodeJS.Timeout | undefined
  const goOn = (): void => {
    if (resting === undefined && !queue.isFull()) socket.resume()
  }
  const offRoom = queue.onRoom(goOn)
  const take = (messages: readonly Buffer[]): void => {
    let within = true
    for (const message of messages) {
      within = port.rate.takes()
      if (!queue.push(cleanLine(message))) socket.pause()
    }
    if (within || resting !== undefined) return
    socket.pause()
    resting = setTimeout(() => {
      resting = undefined
      goOn()
    }, port.rate.restMs())
  }
  socket.on('data', (chunk: Buffer) => take(framing.push(chunk)))
  socket.on('end', () => {
    const rest = framing.end()
    if (rest !== undefined) queue.push(cleanLine(rest))
  })
  socket.on('close', () => {
    clearTimeout(resting)
    offRoom()
  })
}

function take(port: Port, socket: Socket): void {
  const { connections_max } = port.settings
  // A connection that breaks off is the sender's affair; what it sent whole was taken.
  socket.on('error', () => socket.destroy())
  if (!port.allowed(socket.remoteAddress)) return refuse(port, socket, 'unauthorised')
  const own = [...port.sockets].filter((one) => one.remoteAddress === socket.remoteAddress).length
  const share = Math.max(1, Math.ceil(connections_max * COLLECTOR_LIMITS.open_connections_address_share))
  if (port.sockets.size >= connections_max || own >= share) return refuse(port, socket, 'connections')
  const sender = senderOf(port, socket)
  if (sender === undefined) return refuse(port, socket, 'unauthorised')
  port.sockets.add(socket)
  port.tools.metrics.inputConnections.set({ input: port.tools.name }, port.sockets.size)
  socket.setTimeout(COLLECTOR_LIMITS.open_idle_ms_max, () => socket.destroy())
  socket.on('close', () => {
    port.sockets.delete(socket)
    port.tools.metrics.inputConnections.set({ input: port.tools.name }, port.sockets.size)
  })
  listen(port, socket, queueOf(port, sender))
}

export async function openStream(settings: SyslogSettings, tools: OpenTools): Promise<Opened> {
  const port: Port = {
    settings,
    tools,
    allowed: createAllowed(settings),
    rate: createRate(settings.lines_per_s_max, () => performance.now()),
    queues: new Map(),
    sockets: new Set(),
  }

  const server = serverOf(
    settings,
    (socket) => take(port, socket),
    () => port.tools.drop('unauthorised'),
  )
  server.maxConnections = settings.connections_max * 2
  const failed = once(server, 'error').then(([error]) => {
    throw error as Error
  })
  try {
    server.listen(settings.port, settings.host)
    await Promise.race([once(server, 'listening'), failed])
  } catch (error) {
    throw new OpenError(
      `tcp ${settings.host}:${settings.port} (${(error as NodeJS.ErrnoException).code ?? 'no such address'})`,
    )
  }
  failed.catch((error: unknown) => port.tools.logger.error({ err: error }, 'the port of an input failed'))
  const bound = server.address()
  const boundPort = typeof bound === 'object' ? bound?.port : settings.port
  port.tools.logger.info({ host: settings.host, port: boundPort, protocol: settings.protocol }, 'syslog is taken')
  return {
    async stop() {
      server.close()
      for (const socket of port.sockets) socket.destroy()
      await Promise.all(
        [...port.queues.values()].map((queue) => queue.drained().catch(() => port.tools.drop('stopped', queue.size()))),
      )
    },
  }
}
