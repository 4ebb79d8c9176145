/** Takes what Microsoft documents for messages with an adaptive card that a workflow receives, and nothing else. */
import { demand, isText, onlyKeys, startHttpReceiver, type StartReceiver } from './receiver.ts'

const BYTES_MAX = 28 * 1024
const COLOURS = ['default', 'dark', 'light', 'accent', 'good', 'warning', 'attention']

interface Run {
  readonly type: string
  readonly text: unknown
  readonly size?: string
  readonly weight?: string
  readonly color?: string
}

function checkRun(run: Run): void {
  onlyKeys(run, ['type', 'text', 'size', 'weight', 'color'])
  demand(run.type === 'TextRun' && isText(run.text, 2_000) && run.text.isWellFormed(), 'a run without whole text')
  // A function of cards (DATE, TIME) would be carried out in it.
  demand(!run.text.includes('{{'), 'a run that holds a function')
  demand(run.color === undefined || COLOURS.includes(run.color), `a colour ${run.color}`)
  demand(run.size === undefined || ['small', 'default', 'medium', 'large', 'extraLarge'].includes(run.size), 'a size')
  demand(run.weight === undefined || ['lighter', 'default', 'bolder'].includes(run.weight), 'a weight')
}

export const startReceiver: StartReceiver = () =>
  startHttpReceiver(
    '/workflows/0123/triggers/manual/paths/invoke?sig=xyz',
    {},
    ({ headers, body, method, path }) => {
      demand(method === 'POST' && path === '/workflows/0123/triggers/manual/paths/invoke?sig=xyz', `${method} ${path}`)
      demand(headers['content-type'] === 'application/json', 'not JSON')
      demand(Buffer.byteLength(body) <= BYTES_MAX, 'more than 28 kB')
      const message = JSON.parse(body) as { type: unknown; attachments: Record<string, unknown>[] }
      onlyKeys(message, ['type', 'attachments'])
      demand(message.type === 'message' && message.attachments.length === 1, 'not a message with one card')
      const attachment = message.attachments[0]!
      onlyKeys(attachment, ['contentType', 'contentUrl', 'content'])
      demand(attachment['contentType'] === 'application/vnd.microsoft.card.adaptive', 'not an adaptive card')
      demand(attachment['contentUrl'] === null, 'a contentUrl beside a card')
      const card = attachment['content'] as Record<string, unknown>
      onlyKeys(card, ['$schema', 'type', 'version', 'body', 'fallbackText'])
      demand(card['type'] === 'AdaptiveCard' && /^1\.[0-5]$/.test(String(card['version'])), 'a version Teams has not')
      const blocks = card['body'] as { type: string; inlines: Run[] }[]
      demand(blocks.length > 0, 'an empty card')
      for (const block of blocks) {
        // Text blocks and facts read Markdown; text runs do not.
        onlyKeys(block, ['type', 'inlines'])
        demand(block.type === 'RichTextBlock' && block.inlines.length > 0, `a block of the type ${block.type}`)
        block.inlines.forEach(checkRun)
      }
      return { text: body, key: '', act: '' }
    },
    { status: 202, body: '' },
  )
