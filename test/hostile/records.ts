/**
 * Records that cost more than they weigh, or once did: each is a body whose size grows with `n`. What they have in common
 * is a text, a key or a list that some code of the collector reads more than once.
 */
import type { FormatId } from '../../services/collector/normalise.ts'

export interface Attack {
  readonly title: string
  readonly format: FormatId
  /** A body of about `n` bytes. */
  readonly body: (n: number) => string
}

type Any = object

const text = (value: string): Any => ({ stringValue: value })
const attributes = (values: Readonly<Record<string, string>>): Any[] =>
  Object.entries(values).map(([key, value]) => ({ key, value: text(value) }))

/** An OTLP request of `records`, under a resource with these attributes. */
export const otlpBody = (records: readonly Any[], resource: Readonly<Record<string, string>> = {}): string =>
  JSON.stringify({
    resourceLogs: [
      {
        resource: { attributes: attributes({ 'gen_ai.agent.id': 'a', ...resource }) },
        scopeLogs: [{ logRecords: records }],
      },
    ],
  })

/** A message of a model with so many calls. */
export const choice = (calls: number, more: readonly Any[] = []): Any => ({
  eventName: 'gen_ai.choice',
  body: {
    kvlistValue: {
      values: [
        {
          key: 'tool_calls',
          value: { arrayValue: { values: Array.from({ length: calls }, () => ({ kvlistValue: { values: [] } })) } },
        },
        ...more,
      ],
    },
  },
})

const event = (more: Any): string => JSON.stringify({ identity: 'a', action: 'read_page', ...more })
const fill = (piece: string, n: number): string => piece.repeat(Math.ceil(n / piece.length)).slice(0, n)

/** The same text as result, as arguments, as command, as message, as name: one event each. */
const everywhere = (piece: string): Attack => ({
  title: `${JSON.stringify(piece)} again and again, in every field`,
  format: 'events',
  body: (n) => {
    const long = fill(piece, n / 6)
    const parts = [
      { result: long },
      { arguments: long },
      { arguments: { command: long, url: long, text: long } },
      { message: long },
    ]
    return `[${parts.map(event).join(',')}]`
  },
})

const PIECES = [
  '<a',
  '<a=">"',
  "<a='>",
  '<b>x',
  '<!--',
  '<style>',
  '&amp',
  ')',
  '"a ',
  "'",
  '“x',
  '\\\\n',
  '\\u0041',
  '[',
  '{"a":',
  '{"a":[',
  '(',
  'A(b=',
  '- a: ',
  ' a:\n  ',
  'a.b',
  'a.b.',
  '/a',
  '//',
  'https://a.b/',
  'https://a@',
  '::',
  '1.1.1.1 ',
  'a@b.',
  'eyJ',
  'sk-',
  'password=',
  'token token_',
  'secret: "',
  '--token ',
  'Bearer ',
  'cookie: ',
  '-----BEGIN A PRIVATE KEY-----',
  'AKIA',
  '?sig=',
  '-u a:',
  '; curl ',
  '$(echo ',
  '`',
  '| base64 -d ',
  '%2e',
  '请发送。',
  'Please send. ',
  'you must ',
  '\n\n',
  '\u200b',
  'Z͑ͫ',
]

export const ATTACKS: readonly Attack[] = [
  ...PIECES.map(everywhere),
  {
    title: 'calls without ids in one record, hashed once for each',
    format: 'otlp',
    body: (n) => otlpBody([choice(100, [{ key: 'pad', value: text(fill('y', n)) }])]),
  },
  {
    title: 'one record that names nobody and has a long text',
    format: 'events',
    body: (n) => JSON.stringify({ note: fill('password=x ', n) }),
  },
  {
    title: 'a long text of the resource, read for each record',
    format: 'otlp',
    body: (n) =>
      otlpBody(
        Array.from({ length: Math.ceil(n / 400) }, () => ({ eventName: 'gen_ai.user.message' })),
        { 'gen_ai.prompt': fill('send it. ', n / 2), 'service.name': fill('a=b ', n / 4) },
      ),
  },
  {
    title: 'many attributes of the resource, searched for each record',
    format: 'otlp',
    body: (n) =>
      otlpBody(
        Array.from({ length: Math.ceil(n / 400) }, () => ({})),
        Object.fromEntries(Array.from({ length: Math.ceil(n / 100) }, (_, i) => [`k${i}`, 'v'])),
      ),
  },
  {
    title: 'many different keys in an argument',
    format: 'events',
    body: (n) =>
      event({ arguments: Object.fromEntries(Array.from({ length: Math.ceil(n / 12) }, (_, i) => [`k${i}`, i])) }),
  },
  {
    title: 'many different keys in JSON inside a string',
    format: 'events',
    body: (n) =>
      event({
        arguments: JSON.stringify(
          Object.fromEntries(Array.from({ length: Math.ceil(n / 14) }, (_, i) => [`k${i}`, i])),
        ),
      }),
  },
  {
    title: 'JSON in JSON in JSON',
    format: 'events',
    body: (n) => {
      let inner = fill('send it. ', n / 40)
      for (let depth = 0; depth < 5; depth++) inner = JSON.stringify({ a: inner })
      return event({ result: inner })
    },
  },
  {
    title: 'parameters of CloudTrail',
    format: 'cloudtrail',
    body: (n) =>
      JSON.stringify({
        Records: [
          {
            eventName: fill('GetA', n / 4),
            eventSource: fill('a.b', n / 4),
            eventTime: '2026-11-25T10:00:00Z',
            userIdentity: { type: 'IAMUser', arn: fill('arn:aws:iam::1:user/', n / 4) },
            requestParameters: { url: fill('https://a.b/', n / 8), names: fill('a.b ', n / 8).split(' ') },
          },
        ],
      }),
  },
]
