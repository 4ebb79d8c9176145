/** HTTP servers as all of moltwatch's are made. */
import { STATUS_CODES } from 'node:http'
import { type FastifyInstance, type FastifyReply, fastify } from 'fastify'
import { LIMITS } from '../../schemas/limits.ts'

/** The router's messages quote the path. */
const MESSAGE_CHARS_MAX = 300

const BAD = [400, 'bad_request', 'this is no HTTP request'] as const
const CLIENT_ERRORS: ReadonlyMap<string, readonly [number, string, string]> = new Map([
  ['HPE_HEADER_OVERFLOW', [431, 'too_large', 'address and headers have more than 16 KiB together'] as const],
  ['ERR_HTTP_REQUEST_TIMEOUT', [408, 'too_slow', 'the request took too long to come'] as const],
])

/** Makes a server that does not listen yet. */
export const createHttp = (): FastifyInstance =>
  fastify({
    bodyLimit: LIMITS.body_inflated_bytes_max,
    // Shippers keep connections open indefinitely; closing must not wait for idle ones.
    forceCloseConnections: 'idle',
    keepAliveTimeout: 75_000,
    // A request that is incomplete by then is cut off, whatever it is for.
    requestTimeout: LIMITS.body_ms_max,
    http: { connectionsCheckingInterval: LIMITS.connections_check_every_ms },
    // Paths contain names of identities, many of which exceed the default of 100 characters.
    routerOptions: { maxParamLength: LIMITS.path_part_chars_max },
    // What Node refuses before there is a request, in the form of every other error.
    clientErrorHandler(error, socket) {
      if (error.code === 'ECONNRESET' || !socket.writable) return
      const [status, code, message] = CLIENT_ERRORS.get(error.code) ?? BAD
      const body = JSON.stringify({ error: { code, message } })
      socket.end(
        `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
      )
    },
    // What the router itself refuses, in the form of every other error.
    frameworkErrors: (error, _request, reply: FastifyReply) => {
      const status = error.statusCode ?? 400
      const code = status === 414 ? 'too_large' : 'bad_request'
      void reply.code(status).send({ error: { code, message: error.message.slice(0, MESSAGE_CHARS_MAX) } })
    },
  })
