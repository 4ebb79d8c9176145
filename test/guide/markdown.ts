/** What the documentation tests need to know of Markdown: code, headings, links, and the commands that a reader would type. */

export interface Place {
  readonly path: string
  readonly line: number
}

export interface Code extends Place {
  readonly text: string
}

export interface Link extends Place {
  readonly target: string
}

export interface Page {
  readonly path: string
  /** Code spans, and the lines of code blocks with continued lines joined. */
  readonly code: readonly Code[]
  readonly links: readonly Link[]
  /** The anchors of its headings, as GitHub makes them. */
  readonly anchors: ReadonlySet<string>
}

const FENCE = /^\s*(`{3,}|~{3,})/

/** `## What it *finds*` has the anchor `what-it-finds`. */
export const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .trim()
    .replaceAll(' ', '-')

const LINK = /!?\[[^\]]*\]\(\s*<?([^)\s>]+)>?[^)]*\)/g
const SPAN = /(`+)(.+?)\1/g

/** Splits a page into what is code and what is not. */
export const readPage = (path: string, text: string): Page => {
  const code: Code[] = []
  const links: Link[] = []
  const anchors = new Set<string>()
  let fence: string | undefined
  let continued = ''
  for (const [index, row] of text.split('\n').entries()) {
    const line = index + 1
    const mark = FENCE.exec(row)?.[1]
    if (mark !== undefined && (fence === undefined || mark.startsWith(fence))) {
      fence = fence === undefined ? mark : undefined
    } else if (fence !== undefined) {
      if (row.endsWith('\\')) continued += `${row.slice(0, -1)} `
      else {
        code.push({ path, line, text: continued + row })
        continued = ''
      }
    } else {
      const heading = /^#{1,6}\s+(.*)$/.exec(row)?.[1]
      if (heading !== undefined) anchors.add(anchorOf(heading))
      for (const [, , span] of row.matchAll(SPAN)) code.push({ path, line, text: span as string })
      for (const [, target] of row.replace(SPAN, '').matchAll(LINK))
        links.push({ path, line, target: target as string })
    }
  }
  return { path, code, links, anchors }
}

/** The package.json scripts that a line of code runs: `npm run -s check && npm test` runs check and test. */
export const scriptsIn = (code: string): string[] => [
  ...[...code.matchAll(/\bnpm run (?:-\S+ )*([a-z][\w:-]*)/g)].map(([, name]) => name as string),
  ...[...code.matchAll(/\bnpm (start|test)\b/g)].map(([, name]) => name as string),
]

export interface Invocation {
  /** `replay`; undefined where only the program's name and options stand. */
  readonly command: string | undefined
  /** `--format`, without values. */
  readonly options: readonly string[]
}

/** The calls of the moltwatch command line in a line of code, up to the next pipe, redirection or comment. */
export const invocationsIn = (code: string): Invocation[] => {
  const calls = code.matchAll(
    /(?:\bnpm run (?:-\S+ )*(moltwatch|eval|calibrate) --|\bnpm (start) --|^\$? ?(moltwatch))((?: [^|;&#>]*)?)/g,
  )
  return [...calls].map(([, script, start, name, rest]) => {
    const words = (rest ?? '').split(/\s+/).filter((word) => word !== '' && !/^[A-Z[<.]/.test(word))
    const fixed = start ?? (script === 'moltwatch' ? undefined : script)
    const command = fixed ?? (words[0] !== undefined && /^[a-z]/.test(words[0]) ? words[0] : undefined)
    const options = words.flatMap((word) => /^\[?(--[a-z][a-z\d-]*)/.exec(word)?.[1] ?? [])
    return { command: name !== undefined && rest === '' ? undefined : command, options }
  })
}
