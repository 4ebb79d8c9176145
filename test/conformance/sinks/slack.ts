/** Takes what Slack documents for incoming webhooks and Block Kit, and nothing else. */
import { demand, isText, onlyKeys, startHttpReceiver, type StartReceiver } from './receiver.ts'

interface Block {
  readonly type: string
  readonly text?: { readonly type: string; readonly text: unknown; readonly emoji?: boolean }
  readonly fields?: readonly { readonly type: string; readonly text: unknown }[]
}

/** `<`, `>` and a bare `&` make links, mentions and entities. */
const isEscaped = (text: string): boolean => !/[<>]/.test(text) && !/&(?!amp;|lt;|gt;)/.test(text)

function checkBlock({ type, text, fields }: Block): void {
  demand(['header', 'section'].includes(type), `a block of the type ${type}`)
  if (type === 'header') {
    demand(text?.type === 'plain_text' && isText(text.text, 150), 'a header of more than 150 characters')
    return
  }
  if (text !== undefined)
    demand(isText(text.text, 3_000) && isEscaped(text.text), 'a text that is not escaped or too long')
  if (fields !== undefined) demand(fields.length > 0 && fields.length <= 10, 'not 1 to 10 fields')
  for (const field of fields ?? []) {
    demand(field.type === 'mrkdwn' && isText(field.text, 2_000) && isEscaped(field.text), 'a field that is not escaped')
  }
  demand(text !== undefined || fields !== undefined, 'a section with nothing in it')
}

export const startReceiver: StartReceiver = () =>
  startHttpReceiver(
    '/services/T00/B00/XXXX',
    {},
    ({ headers, body, method, path }) => {
      demand(method === 'POST' && path === '/services/T00/B00/XXXX', `${method} ${path}`)
      demand(headers['content-type'] === 'application/json', 'not JSON')
      const message = JSON.parse(body) as { text: unknown; attachments: { color: string; blocks: Block[] }[] }
      onlyKeys(message, ['text', 'attachments'])
      demand(isText(message.text, 40_000) && isEscaped(message.text), 'the text is not escaped')
      for (const attachment of message.attachments) {
        onlyKeys(attachment, ['color', 'blocks'])
        demand(/^#[0-9a-f]{6}$/.test(attachment.color), 'a colour that is none')
        demand(attachment.blocks.length <= 50, 'more than 50 blocks')
        attachment.blocks.forEach(checkBlock)
      }
      return { text: body, key: '', act: '' }
    },
    { status: 200, body: 'ok' },
  )
