/**
 * What a call acts on: the argument whose name says so. Groups of names are ordered by how closely they name the thing
 * itself, so that a download is about its URL and not about its destination folder. An argument whose name says secret is
 * never a target.
 */
import { namesSecret } from '../../redaction/shapes.ts'
import { isAboutHosts } from './contacts.ts'
import { looksLikeCommand } from './contacts/programs.ts'
import { isObject, type Json } from './json.ts'
import { wordsOf } from './verbs.ts'

export interface Target {
  readonly target: string
  /** command, url, file, host, recipient, resource, id, name, query; '' if nothing is named. */
  readonly kind: string
}

const NOTHING: Target = { target: '', kind: '' }
const TEXT_CHARS_MAX = 4_096
const LINE_CHARS_MAX = 256
const PROSE = new Set(
  'body content contents text message comment description subject note notes prompt html reason thought'.split(' '),
)

/** Where a call puts what it takes from its target. */
const DESTINATION = /^(?:save|dest|output|target_dir|local_dir)/i

/** Kind of target and the names of arguments that hold it; a name fits as a whole or by its last word. */
const GROUPS: readonly (readonly [string, ReadonlySet<string>])[] = (
  [
    ['command', 'command cmd full_command bash_command script code shell argv'],
    ['url', 'url uri href link endpoint website webpage urls'],
    [
      'file',
      'file_path filepath path file filename notebook_path local_path directory dir folder source_path paths files',
    ],
    ['host', 'host hostname server domain ip address'],
    [
      'recipient',
      'recipient recipients to email emails receiver account iban attendees participants channel phone payee',
    ],
    [
      'resource',
      'arn resource bucket table database repo repository project instance cluster namespace function queue topic secret_id key',
    ],
    ['id', 'id ids uuid number'],
    ['name', 'name names username user title product event'],
    ['query', 'query q search sql keyword keywords pattern question term'],
  ] as const
).map(([kind, names]) => [kind, new Set(names.split(' '))] as const)

/** A value as a target: text, number, or a short list of them; '' for an empty value or a structure. */
function valueText(value: unknown): string {
  if (typeof value === 'string') return value.slice(0, TEXT_CHARS_MAX)
  if (typeof value === 'number' || typeof value === 'bigint') return String(value)
  if (!Array.isArray(value)) return ''
  return value
    .slice(0, 8)
    .map(valueText)
    .filter((text) => text !== '')
    .join(', ')
    .slice(0, TEXT_CHARS_MAX)
}

/** The files that a patch changes; '' if it is not a patch. */
function patchedFiles(text: string): string {
  if (!/^(?:\*\*\* |diff --git |--- |Index: )/m.test(text)) return ''
  const files = [...text.matchAll(/^(?:\*\*\* (?:Add|Update|Delete) File: |\+\+\+ (?:b\/)?)(\S[^\n\t]{0,511})/gm)]
  return [...new Set(files.map((match) => (match[1] as string).trim()))]
    .filter((file) => file !== '/dev/null')
    .slice(0, 8)
    .join(', ')
}

/** How a structure in a notation that is not read begins (tags, tuples, `a='b', c='d'`): it may hold whole bodies, and nothing of it is kept. */
const STRUCTURE = /^(?:<\S|[{[(]\s*["'{[]|\w+\s*=\s*["'][^\n]*["']\s*,\s*\w+\s*=)/

/**
 * The target of arguments that are a plain text: a command, the files of a patch, or one short line. Any longer text is
 * what somebody wrote, and none of it is kept.
 */
function textTarget(text: string): Target {
  if (looksLikeCommand(text)) return { target: text.slice(0, TEXT_CHARS_MAX), kind: 'command' }
  const files = patchedFiles(text)
  if (files !== '') return { target: files.slice(0, TEXT_CHARS_MAX), kind: 'file' }
  const line = text.trim()
  const isLine = line !== '' && !line.includes('\n') && line.length <= LINE_CHARS_MAX
  return isLine && !STRUCTURE.test(line) ? { target: line, kind: 'text' } : NOTHING
}

/** Kinds of targets that are gone to. */
const PLACES: ReadonlySet<string> = new Set(['host', 'url'])

/** The target of a call of this tool. What a tool looks up or blocks is a name, not a place that it goes to. */
export function targetOf(args: unknown, tool = ''): Target {
  const target = namedTarget(args)
  return PLACES.has(target.kind) && isAboutHosts(tool) ? { ...target, kind: 'name' } : target
}

function namedTarget(args: unknown): Target {
  if (typeof args === 'string') return textTarget(args)
  if (!isObject(args)) return NOTHING
  const named = Object.entries(args)
    .filter(([name]) => !namesSecret(name) && !DESTINATION.test(name))
    .map(([name, value]) => ({ name: wordsOf(name).join('_'), text: valueText(value) }))
    .filter(({ text }) => text !== '')
  for (const exact of [true, false]) {
    for (const [kind, names] of GROUPS) {
      // `discount_code` is no command: what runs is named in full.
      const fits = (name: string): boolean =>
        names.has(exact ? name : kind === 'command' ? '' : (name.split('_').at(-1) ?? ''))
      const found = named.find(({ name }) => fits(name))
      if (found !== undefined) return { target: found.text, kind }
    }
  }
  const first = named.find(({ name, text }) => !PROSE.has(name) && text.length <= 256)
  return first === undefined ? nestedTarget(args) : { target: first.text, kind: 'argument' }
}

/** Arguments wrapped in one more object, as `{"params": {...}}`. */
function nestedTarget(args: Json): Target {
  const inner = Object.values(args).filter(isObject)
  const only = inner.length === 1 ? inner[0] : undefined
  return only === undefined || Object.values(only).some(isObject) ? NOTHING : namedTarget(only)
}
