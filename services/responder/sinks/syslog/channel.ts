/**
 * Sends syslog messages over TCP, TLS or UDP. A connection is kept, and reopened after trouble. An address that sinks may
 * not reach is refused when connecting, as with webhooks.
 */
import { createSocket } from 'node:dgram'
import { readFileSync } from 'node:fs'
import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { addressOf } from '../lib/address.ts'
import { failureOf } from '../lib/failure.ts'
import type { Channel, SendOutcome, SinkTools } from '../sink-type.ts'

interface Target {
  readonly host: string
  readonly port: number
  readonly protocol: 'tls' | 'tcp' | 'udp'
  readonly ca_file?: string
  readonly allow_private: boolean
}

/** One datagram; larger ones are lost on their way. */
const DATAGRAM_BYTES_MAX = 2_048

/** The first bytes of a text, without half a character at their end. */
function headOf(message: Buffer): Buffer {
  let end = Math.min(message.length, DATAGRAM_BYTES_MAX)
  // Bytes 10xxxxxx go on with a character that begins before them.
  while (end < message.length && end > 0 && ((message[end] ?? 0) & 0xc0) === 0x80) end -= 1
  return message.subarray(0, end)
}

const failed = (detail: string): SendOutcome => ({ kind: 'failed', detail })

/** Resolves once the receiver can be written to. */
async function openStream(target: Target, { resolve, timeoutMs }: SinkTools): Promise<Socket> {
  const address = await addressOf(target.host, target.allow_private, resolve)
  const { port, host, ca_file: file } = target
  const isTls = target.protocol === 'tls'
  const ca = file === undefined ? {} : { ca: readFileSync(file) }
  const name = isIP(host) === 0 ? { servername: host } : {}
  const socket = isTls ? connectTls({ host: address, port, ...name, ...ca }) : connectTcp({ host: address, port })
  socket.setNoDelay(true)
  // What the receiver sends is not looked at, but it must be read for its end to be seen.
  socket.resume()
  return new Promise((done, fail) => {
    const timer = setTimeout(() => socket.destroy(new Error('timed out')), timeoutMs)
    socket.once(isTls ? 'secureConnect' : 'connect', () => {
      clearTimeout(timer)
      done(socket)
    })
    socket.once('error', (error) => {
      clearTimeout(timer)
      fail(error)
    })
  })
}

function createStreams(target: Target, tools: SinkTools) {
  let current: Promise<Socket> | undefined
  const open = (): Promise<Socket> => {
    const opening = openStream(target, tools)
    current = opening
    const forget = (): void => {
      if (current === opening) current = undefined
    }
    opening.then((socket) => {
      socket.once('close', forget)
      socket.once('end', forget)
      // Trouble between two messages: the next one reconnects.
      socket.on('error', forget)
    }, forget)
    return opening
  }
  return {
    async write(message: Buffer): Promise<void> {
      const socket = await (current ?? open())
      // Octet counting: the length, a blank, the message.
      const framed = Buffer.concat([Buffer.from(`${message.length} `), message])
      await new Promise<void>((done, fail) => {
        const timer = setTimeout(() => socket.destroy(new Error('timed out')), tools.timeoutMs)
        const settle = (error?: Error | null): void => {
          clearTimeout(timer)
          socket.off('close', closed)
          if (error === undefined || error === null) done()
          else fail(error)
        }
        const closed = (): void => settle(new Error('the connection was closed'))
        socket.once('close', closed)
        socket.write(framed, settle)
      })
    },
    async end(isCut: boolean): Promise<void> {
      const socket = await current?.catch(() => undefined)
      current = undefined
      if (isCut) socket?.destroy()
      else socket?.end()
    },
  }
}

async function sendDatagram(target: Target, { resolve }: SinkTools, message: Buffer): Promise<void> {
  const address = await addressOf(target.host, target.allow_private, resolve)
  const socket = createSocket(isIP(address) === 6 ? 'udp6' : 'udp4')
  try {
    await new Promise<void>((done, fail) => {
      socket.send(headOf(message), target.port, address, (error) => {
        if (error === null) done()
        else fail(error)
      })
    })
  } finally {
    socket.close()
  }
}

export function createSocketChannel(target: Target, tools: SinkTools): Channel<string> {
  const streams = createStreams(target, tools)
  return {
    async send(text) {
      const message = Buffer.from(text)
      try {
        if (target.protocol === 'udp') await sendDatagram(target, tools, message)
        else await streams.write(message)
        return { kind: 'delivered', detail: `sent over ${target.protocol}; syslog acknowledges nothing` }
      } catch (error) {
        const { message: why } = error as Error
        return failed(why.startsWith('the ') ? why : failureOf(error, tools.timeoutMs))
      }
    },
    close: () => streams.end(false),
    destroy: () => streams.end(true),
  }
}
