/**
 * Server-sent events as they come: blocks of `field: value` lines, with an empty line behind each (WHATWG HTML, "event stream
 * interpretation"). Node has no client for them that sends a token; of the format, ours writes `id`, `event`, `data` in one line,
 * `retry`, and comments.
 */

/** A block; the id alone says where the reader stands. */
export interface ServerSent {
  readonly id: string | undefined
  readonly data: string | undefined
}

function messageOf(lines: readonly string[]): ServerSent {
  const valueOf = (field: string): string | undefined =>
    lines
      .findLast((line) => line.startsWith(`${field}:`))
      ?.slice(field.length + 1)
      .replace(/^ /, '')
  return { id: valueOf('id'), data: valueOf('data') }
}

/** The blocks of a stream that hold an id or data. */
export async function* messagesOf(lines: AsyncIterable<string>): AsyncIterable<ServerSent> {
  let block: string[] = []
  for await (const line of lines) {
    if (line !== '') {
      block.push(line)
      continue
    }
    const message = messageOf(block)
    block = []
    if (message.id !== undefined || message.data !== undefined) yield message
  }
}
