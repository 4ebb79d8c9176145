/** The small things that every page is made of: texts of a log, times, severities, links, states of a question. */
import type { ComponentChildren } from 'preact'
import type { Severity } from '../../../schemas/finding.ts'
import { ago, clockOf, dayOf, isUtc, utcOf, visible } from '../format.ts'

/** A text that a sender wrote. It is never markup, and its hidden characters show. */
export const Foreign = ({ text, short }: { text: string; short?: boolean }) => (
  <span class={short === true ? 'foreign short' : 'foreign'} title={short === true ? visible(text) : undefined}>
    {visible(text)}
  </span>
)

/** A sentence of ours that may quote a sender: in the font of the page, and as visible as a text of a log. */
export const Sentence = ({ text }: { text: string }) => <span class="sentence">{visible(text)}</span>

/** A moment in the reader's zone, with UTC next to it or in its tooltip. */
export function Time({ at, brief }: { at: string | null | undefined; brief?: boolean }) {
  if (at === null || at === undefined || at === '') return <span class="faint">never</span>
  const date = new Date(at)
  if (Number.isNaN(date.getTime())) return <Foreign text={at} />
  return (
    <time dateTime={at} title={`${utcOf(date)}, ${ago(date)}`}>
      {dayOf(date)} {clockOf(date)}
      {brief === true ? null : <span class="faint">{isUtc(date) ? ' UTC' : ` · ${utcOf(date).slice(11)}`}</span>}
    </time>
  )
}

export const Ago = ({ at }: { at: string }) => (
  <time dateTime={at} title={utcOf(new Date(at))}>
    {ago(new Date(at))}
  </time>
)

export const SeverityMark = ({ severity }: { severity: Severity }) => (
  <span class={`severity ${severity}`}>{severity}</span>
)

export const Tag = ({ text, tone, title }: { text: string; tone?: 'good' | 'bad' | 'warn'; title?: string }) => (
  <span class={tone === undefined ? 'tag' : `tag ${tone}`} title={title}>
    {visible(text)}
  </span>
)

export const agentPath = (identity: string): string => `/console/agents/${encodeURIComponent(identity)}`
/** The part of an agent's page that says what is watched. */
export const watchedAnchor = 'watched'
export const watchedPath = (identity: string): string => `${agentPath(identity)}#${watchedAnchor}`
export const incidentPath = (id: string): string => `/console/incidents/${id}`
export const findingPath = (id: string): string => `/console/findings/${id}`
export const peerPath = (peer: string): string => `/console/peers/${encodeURIComponent(peer)}`
export const searchPath = (query: string, over: 'events' | 'findings' = 'events'): string =>
  `/console/search?${new URLSearchParams({ over, q: query })}`

/** A term of the search language for one value. */
export const term = (field: string, value: string): string =>
  `${field}:${/^[\w.@:/-]+$/.test(value) ? value : `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`}`

export const Agent = ({ identity }: { identity: string }) => (
  <a href={agentPath(identity)}>
    <Foreign text={identity} short />
  </a>
)

export const Card = ({
  title,
  aside,
  children,
}: {
  title: string
  aside?: ComponentChildren
  children: ComponentChildren
}) => (
  <section class="card">
    <header>
      <h2>{title}</h2>
      {aside}
    </header>
    {children}
  </section>
)

/** What went wrong, in the service's own words. */
export const Trouble = ({ error }: { error: Error }) => (
  <p class="trouble" role="alert">
    {visible(error.message)}
  </p>
)

/** A question on its way, its fault, or its answer. */
export function Answered<T>({
  question,
  children,
}: {
  question: { readonly answer: T | undefined; readonly error: Error | undefined }
  children: (answer: T) => ComponentChildren
}) {
  const { answer, error } = question
  return (
    <>
      {error === undefined ? null : <Trouble error={error} />}
      {answer === undefined ? error === undefined ? <p class="faint">Asking…</p> : null : children(answer)}
    </>
  )
}

export const Empty = ({ children }: { children: ComponentChildren }) => <p class="empty">{children}</p>
