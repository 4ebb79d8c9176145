/**
 * A webhook after the Standard Webhooks specification: signed, with the delivery's id on every attempt, at most 20 kB. It
 * is how gateways and programs of the user's own hear of findings and orders, and its 2xx acknowledges an order.
 */
import Type from 'typebox'
import type { SettingProblem } from '../sink-type.ts'
import { defineSinkType } from '../sink-type.ts'
import { createHttpChannel } from '../lib/http.ts'
import { allowPrivateSetting, caFileSetting, caOf, urlProblems, urlSetting } from '../lib/url.ts'
import { webhookBody } from './body.ts'
import { parseWebhookSecret } from './secret.ts'
import { sign, signingKeys } from './signature.ts'

const Settings = Type.Object(
  {
    url: urlSetting('https; http only with allow_private'),
    secret: Type.String({ description: 'whsec_ and base64 of 24 to 64 bytes', secret: true }),
    previous_secret: Type.Optional(
      Type.String({ description: 'While it is rotated: deliveries carry both signatures', secret: true }),
    ),
    excerpts: Type.Boolean({
      default: false,
      description: 'Whether the words behind a finding are sent with it: needs `content: excerpts` or `full`',
    }),
    ca_file: caFileSetting(),
    allow_private: allowPrivateSetting(),
  },
  { additionalProperties: false },
)

export const webhook = defineSinkType({
  type: 'webhook',
  about: 'Signed HTTP requests after the Standard Webhooks specification.',
  settings: Settings,
  receives: ['findings', 'orders', 'notices'],
  confirmsOrders: true,
  example: {
    url: 'https://siem.example.com/moltwatch',
    secret: 'whsec_bW9sdHdhdGNoLWV4YW1wbGUtb2YtMzItYnl0ZXMtISE=',
    excerpts: false,
    allow_private: false,
  },
  problems(settings) {
    const secrets = (['secret', 'previous_secret'] as const).flatMap((key): SettingProblem[] => {
      const secret = settings[key]
      const outcome = secret === undefined ? undefined : parseWebhookSecret(secret)
      return outcome?.ok === false ? [{ key, message: outcome.reason }] : []
    })
    return [...urlProblems(settings), ...secrets]
  },
  destination: ({ url }) => url,
  tellsWords: ({ excerpts }) => excerpts,
  render: webhookBody,
  open(settings, tools) {
    const keys = signingKeys(settings.secret, settings.previous_secret)
    return createHttpChannel<string>({
      ...tools,
      url: settings.url,
      allowPrivate: settings.allow_private,
      ...caOf(settings),
      isGone: (status) => status === 410,
      request: (body, { id, nowMs }) => ({
        body,
        headers: { 'content-type': 'application/json', ...sign(keys, id, Math.floor(nowMs / 1_000), body) },
      }),
    })
  },
})
