/** The sending end that types have in common which post one JSON document to one URL. */
import type { Channel, SinkTools } from '../sink-type.ts'
import { createHttpChannel, type HttpChannelOptions } from './http.ts'
import { caOf, pathBelow } from './url.ts'

export interface JsonEnd extends Pick<HttpChannelOptions<string>, 'isGone' | 'isFinal' | 'refusal'> {
  /** Below that of the URL. Absent: the URL is the whole address. */
  readonly path?: string
  readonly headers?: Readonly<Record<string, string>>
}

interface Target {
  readonly url: string
  readonly allow_private: boolean
  readonly ca_file?: string
}

/** Opens it; what it sends is the text of the document. */
export function openJson(target: Target, tools: SinkTools, end: JsonEnd = {}): Channel<string> {
  const { path, headers, ...judges } = end
  const below = path === undefined ? {} : { path: pathBelow(target.url, path) }
  return createHttpChannel<string>({
    ...tools,
    ...judges,
    url: target.url,
    allowPrivate: target.allow_private,
    ...caOf(target),
    request: (body) => ({ body, ...below, headers: { 'content-type': 'application/json', ...headers } }),
  })
}

/** How an address in a chat answers once a person has removed it: its channel is archived, or its workflow deleted. */
export const isRemovedAddress = (status: number): boolean => status === 404 || status === 410

/** JSON that every reader takes: half characters, which some refuse, are replaced. */
export const writeJson = (value: unknown): string =>
  JSON.stringify(value, (_key, one: unknown) => (typeof one === 'string' ? one.toWellFormed() : one))
