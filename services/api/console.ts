/**
 * Serves the console: the files that `npm ci` has built, under /console/, to anybody, because they hold nothing but code;
 * what they show comes from the routes under /v1. The policy lets nothing run or load that is not one of these files, so
 * that a text out of a log stays a text even if a page had a fault. An address of a page that is no file is answered with
 * the one page there is, which then reads the address.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import files from '@fastify/static'
import type { FastifyInstance, FastifyReply } from 'fastify'

const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ')

const HEADERS: readonly (readonly [string, string])[] = [
  ['content-security-policy', POLICY],
  ['x-content-type-options', 'nosniff'],
  ['x-frame-options', 'DENY'],
  ['referrer-policy', 'no-referrer'],
  ['cross-origin-opener-policy', 'same-origin'],
  ['cross-origin-resource-policy', 'same-origin'],
  ['permissions-policy', 'camera=(), geolocation=(), microphone=()'],
]

/** The names of built scripts and styles hold a hash of their content; the page that names them does not. */
const YEAR_MS = 365 * 86_400_000

const page = (reply: FastifyReply): FastifyReply => reply.sendFile('index.html', { maxAge: 0, immutable: false })

/** Where `npm run build:console` leaves them. */
const BUILT = join(import.meta.dirname, '../console/dist')

/**
 * Registers the console on the app that answers the API. Where its files are missing, the address says how to build them.
 */
export async function serveConsole(app: FastifyInstance, directory = BUILT): Promise<void> {
  app.get('/', (_request, reply) => reply.redirect('/console/'))
  if (!existsSync(join(directory, 'index.html'))) {
    app.get('/console/*', (_request, reply) =>
      reply
        .code(503)
        .type('text/plain')
        .send('The console has not been built: run `npm run build:console` and start again.\n'),
    )
    return
  }
  await app.register(
    async (scope) => {
      scope.addHook('onSend', async (_request, reply) => {
        for (const [name, value] of HEADERS) reply.header(name, value)
      })
      await scope.register(files, { root: directory, serve: false })
      scope.get('/', (_request, reply) => page(reply))
      scope.get<{ Params: { name: string } }>('/assets/:name', (request, reply) =>
        reply.sendFile(`assets/${request.params.name}`, { maxAge: YEAR_MS, immutable: true }),
      )
      scope.get('/*', (_request, reply) => page(reply))
    },
    { prefix: '/console' },
  )
}
