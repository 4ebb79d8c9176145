/**
 * What the documents say exists, exists: each npm script and each subcommand and option of moltwatch that they name, each
 * file that they tell the reader to run, each relative link with its anchor. A reader who meets one that does not will not
 * believe the rest.
 */
import { execFile } from 'node:child_process'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, it } from 'vitest'
import { anchorOf, type Code, invocationsIn, readPage, scriptsIn } from './markdown.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const run = promisify(execFile)

const pages = [...globSync('*.md', { cwd: ROOT }), ...globSync('docs/**/*.md', { cwd: ROOT })]
  .map((path) => path.replaceAll('\\', '/'))
  .map((path) => readPage(path, readFileSync(join(ROOT, path), 'utf8')))

const code: readonly Code[] = pages.flatMap((page) => page.code)

const at = ({ path, line }: { path: string; line: number }): string => `${path}:${line}`

const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: Record<string, string> }

/** The help of moltwatch, or of one of its subcommands. */
const helpOf = async (...command: string[]): Promise<string> => {
  const program = join(ROOT, 'services/main.ts')
  const { stdout, stderr } = await run(process.execPath, [program, ...command, '--help'], { cwd: ROOT })
  return stdout + stderr
}

/** Subcommands that a help text lists, by the first word of each indented line beneath "Commands:". */
const commandsIn = (help: string): Set<string> =>
  new Set(
    [...(help.split('\nCommands:\n')[1] ?? '').matchAll(/^ {2}([a-z][\w-]*)/gm)].map(([, name]) => name as string),
  )

describe('the documents name only what exists', () => {
  it('npm scripts', () => {
    const missing = code.flatMap((each) =>
      scriptsIn(each.text).flatMap((script) =>
        Object.hasOwn(manifest.scripts, script) ? [] : [`${at(each)}: npm run ${script} does not exist`],
      ),
    )
    expect(missing).toEqual([])
  })

  it('files to run', () => {
    const missing = code.flatMap((each) =>
      [...each.text.matchAll(/\bnpm test -- (\S+)/g)].flatMap(([, path]) =>
        existsSync(join(ROOT, path as string)) ? [] : [`${at(each)}: ${path} does not exist`],
      ),
    )
    expect(missing).toEqual([])
  })

  it('relative links', () => {
    const anchors = new Map(pages.map((page) => [page.path, page.anchors]))
    const broken = pages.flatMap(({ links }) =>
      links.flatMap((link) => {
        if (/^[a-z][a-z+.-]*:/.test(link.target)) return []
        const [file = '', anchor] = link.target.split('#')
        const path = file === '' ? link.path : posix.join(dirname(link.path), decodeURI(file))
        if (!existsSync(join(ROOT, path))) return [`${at(link)}: ${path} does not exist`]
        const known = anchors.get(path)
        return anchor && known && !known.has(anchor) ? [`${at(link)}: ${path} has no heading for #${anchor}`] : []
      }),
    )
    expect(broken).toEqual([])
  })

  describe('subcommands of moltwatch', () => {
    const invocations = code.flatMap((each) => invocationsIn(each.text).map((call) => ({ ...call, place: at(each) })))
    let commands: Set<string>

    beforeAll(async () => {
      commands = commandsIn(await helpOf())
    })

    it('each is one that the program lists', () => {
      const unknown = invocations.filter(({ command }) => command !== undefined && !commands.has(command))
      expect(unknown.map(({ command, place }) => `${place}: moltwatch has no command ${command}`)).toEqual([])
    })

    it('each has the options that are used with it', async () => {
      const missing: string[] = []
      const used = Map.groupBy(invocations, ({ command }) => command ?? '')
      const helps = await Promise.all(
        [...used].map(async ([command, calls]) => {
          const own = await helpOf(...(command === '' ? [] : [command]))
          // `sinks test` has its options a step further down.
          const below = command === '' ? [] : [...commandsIn(own)].filter((name) => name !== 'help')
          const helps = await Promise.all(below.map((name) => helpOf(command, name)))
          return { command, calls, help: [own, ...helps].join('\n') }
        }),
      )
      for (const { command, calls, help } of helps) {
        for (const { options, place } of calls) {
          for (const option of options) {
            if (!new RegExp(`(?<![\\w-])${option}(?![\\w-])`).test(help)) {
              missing.push(`${place}: moltwatch ${command} has no option ${option}`)
            }
          }
        }
      }
      expect(missing).toEqual([])
    })

    it('each stands in the table of commands in the README', () => {
      const text = readFileSync(join(ROOT, 'README.md'), 'utf8').split('\n## Commands\n')[1]?.split('\n## ')[0] ?? ''
      const listed = new Set([...text.matchAll(/^\| `([a-z][\w-]*)/gm)].map(([, name]) => name as string))
      expect([...listed].sort()).toEqual([...commands].filter((name) => name !== 'help').sort())
    })
  })
})

describe('what these tests read in a page', () => {
  it('takes code from spans and blocks, joins continued lines, and takes links from prose alone', () => {
    const page = readPage(
      'a.md',
      '# Two `words`!\nSee [b](b.md#c) and `npm start`.\n```sh\nnpm run x \\\n  --y\n[no](link)\n```\n',
    )
    expect(page.code.map(({ line, text }) => [line, text])).toEqual([
      [1, 'words'],
      [2, 'npm start'],
      [5, 'npm run x    --y'],
      [6, '[no](link)'],
    ])
    expect(page.links).toEqual([{ path: 'a.md', line: 2, target: 'b.md#c' }])
    expect([...page.anchors]).toEqual(['two-words'])
    expect(anchorOf('1. How, then?')).toBe('1-how-then')
  })

  it('knows what a line of code runs', () => {
    expect(scriptsIn('npm ci && npm run -s check:types && npm test -- test/unit')).toEqual(['check:types', 'test'])
    expect(invocationsIn('npm run -s moltwatch -- replay --json FILE... | head --lines 3')).toEqual([
      { command: 'replay', options: ['--json'] },
    ])
    expect(invocationsIn('npm run eval -- --labels LABELS FILE')).toEqual([{ command: 'eval', options: ['--labels'] }])
    expect(invocationsIn('npm start -- --data DIR')).toEqual([{ command: 'start', options: ['--data'] }])
    expect(invocationsIn('moltwatch prove FILE --seeds 3')).toEqual([{ command: 'prove', options: ['--seeds'] }])
    expect(invocationsIn('npm run -s moltwatch -- COMMAND ...')).toEqual([{ command: undefined, options: [] }])
    expect(invocationsIn('moltwatch')).toEqual([{ command: undefined, options: [] }])
  })
})
