/**
 * What a tool does that does what its argument says: a shell, an interpreter, a generic HTTP client. The act is read from
 * the argument: each step's program and subcommand, what it is piped into, the method of a request. The interpreter's own
 * name says nothing, so that `bash`, `run_shell_command` and `terminal` judge alike.
 *
 * Not a shell: quotes, substitutions and pipes are followed far enough to find each program, and no further. Linear in
 * the text, which an attacker may have written.
 */
import { CLASS_BIT } from '../../../schemas/indicators.ts'
import { imperativeOf, nounClasses } from './lexicon.ts'

/** What a call does to the world. Indicators store the numbers. */
export const EFFECT = { acts: 0, reads: 1, routine: 2 } as const

export interface CommandReading {
  /** Acting words, canonical or as written. */
  readonly verbs: readonly string[]
  readonly nouns: readonly string[]
  readonly classes: number
  readonly effect: number
}

const set = (text: string): ReadonlySet<string> => new Set(text.split(/\s+/))

const COMMAND_KEYS = set(
  'command cmd script shell commandline command_line bash bash_command full_command argv code source_code python',
)
const SHELL_WORDS = set(
  'bash sh zsh shell terminal console exec execute run cmd powershell pwsh command commands process subprocess system interpreter python node code script sandbox local host do in the tool start spawn invoke eval repl cli',
)
const HTTP_WORDS = set(
  'http https request requests fetch curl api call rest webhook web url client send do make execute get post put patch delete',
)
const METHOD_CLASSES = new Map([
  ['get', CLASS_BIT.fetch],
  ['head', CLASS_BIT.fetch],
  ['options', CLASS_BIT.fetch],
  ['post', CLASS_BIT.send],
  ['put', CLASS_BIT.send],
  ['patch', CLASS_BIT.send],
  ['delete', CLASS_BIT.delete],
])

/** Programs in front of the one that acts. */
const WRAPPERS = set('sudo env nohup time timeout nice xargs command exec doas stdbuf setsid ionice watch')
const READERS = set(
  `ls cat head tail less more grep egrep fgrep rg ag find fd awk wc sort uniq cut tr jq yq stat file du df ps top whoami id pwd echo printf date which type uname tree diff
  cmp md5sum sha1sum sha256sum cksum true false test basename dirname realpath readlink column nl tac hostname uptime man cd pushd popd set export source sleep bat xxd od strings base64 base32 gzip gunzip zcat`,
)
/** Programs that build, test, format or install what is in the working directory. */
const BUILDERS = set(
  `npm yarn pnpm bun pip pip3 pipenv poetry uv make cmake ninja cargo go gradle gradlew mvn mvnw sbt bazel pytest vitest jest mocha tox nox ruff black eslint prettier
  mypy tsc biome rubocop rspec bundle rake composer phpunit dotnet swift xcodebuild docker podman pre-commit golangci-lint clippy rustfmt isort flake8 pylint coverage`,
)
const INTERPRETERS = set(
  'sh bash zsh dash ksh fish python python2 python3 node deno bun ruby perl php pwsh powershell eval source',
)
const FETCHERS = set('curl wget http https xh httpie aria2c')
const SENDERS = set('scp sftp rsync nc ncat netcat socat telnet ftp mail mailx sendmail mutt ssh rclone croc')
const DELETERS = set('rm rmdir shred unlink truncate wipefs mkfs dd')
const CHANGERS = set('mv cp chmod chown ln tee touch mkdir patch install')
const ENVIRONMENT = set('printenv env')
/** Files whose content is a secret, wherever they are. */
const SECRET_PATH =
  /(?:^|[\s/~"'=@])(?:\.ssh\b|id_(?:rsa|ed25519|ecdsa|dsa)\b|\.aws\/credentials|\.netrc\b|\.pgpass\b|\.kube\/config|\.docker\/config|\.npmrc\b|\.pypirc\b|\.git-credentials|\.env\b(?!\.example)|\.gnupg\b|etc\/shadow|credentials\.json|[\w-]+\.pem\b|[\w-]+\.p12\b|keychain|authorized_keys)/i
const SECRET_VARIABLE = /\$\{?[A-Z_]*(?:TOKEN|SECRET|PASSWORD|PASSWD|API_?KEY|CREDENTIAL)[A-Z_]*\b/
/** A quoted command is compared in small letters: what can be told in them is, too. */
const UPLOADS =
  /(?:^|\s)(?:-d|--data(?:-\w+)?|-F|--form|-T|--upload-file|--post-data|--post-file|--body-file|-X\s*(?:POST|PUT|PATCH)|--request[ =](?:POST|PUT|PATCH)|--method[ =](?:POST|PUT|PATCH))(?=[\s=@'"{]|$)|(?:^|\s)-s?T\s?-|(?:^|\s)-\w*T(?=\s)|(?:^|\s)-\w*t\s-(?=\s|$)|(?:^|\s)(?:-x\s*|--request[ =])(?:post|put|patch)\b/
const REMOVES = /(?:^|\s)(?:-X\s*DELETE|--request[ =]DELETE|--method[ =]DELETE)/
const LOCAL_INSTALL =
  /^(?:ci|install|i|test|t|run|build|lint|check|fmt|format|sync|fund|ls|list|version|--version|-v|audit|exec|coverage|typecheck|-r|-q|bench|vet|doc)$/
/** Names of a package, not a flag or something of the working directory. */
const FOREIGN = /^(?![-./])[\w@][\w@/.:+-]*$/
const ADDS_PACKAGE = set('install i add get require')
const COMMAND_CHARS_MAX = 8_192
const STEPS_MAX = 32

/** Whether a leaf under this key, given to this tool, is a command. */
export const isCommandKey = (key: string, nameWords: readonly string[]): boolean =>
  COMMAND_KEYS.has(key.toLowerCase()) ||
  ((key === '' || /^(?:#\d+|input|args?|text|line)$/i.test(key)) && isShellName(nameWords))
export const isShellName = (words: readonly string[]): boolean =>
  words.length > 0 && words.every((word) => SHELL_WORDS.has(word))

/** The class bits of an HTTP request's method; undefined where the call is none. */
export function requestOf(
  nameWords: readonly string[],
  method: string | undefined,
  hasUrl: boolean,
): CommandReading | undefined {
  if (!hasUrl || nameWords.length === 0 || !nameWords.every((word) => HTTP_WORDS.has(word))) return undefined
  const named = nameWords.find((word) => METHOD_CLASSES.has(word) && word !== 'get')
  const verb = method?.toLowerCase() ?? named ?? 'get'
  const classes = METHOD_CLASSES.get(verb) ?? CLASS_BIT.send
  const reads = classes === CLASS_BIT.fetch
  return {
    verbs: [reads ? 'fetch' : verb === 'delete' ? 'delete' : 'post'],
    nouns: [],
    classes,
    effect: reads ? EFFECT.reads : EFFECT.acts,
  }
}

interface Step {
  readonly words: readonly string[]
  readonly text: string
  /** What went before is piped into it. */
  readonly piped: boolean
}

/** Reads a command line, or a short script line by line. */
export function readCommand(text: string): CommandReading {
  const verbs = new Set<string>()
  const nouns = new Set<string>()
  let classes = 0
  let effect: number = EFFECT.reads
  let fetched = false
  for (const step of stepsOf(text.slice(0, COMMAND_CHARS_MAX))) {
    const act = actOf(step, fetched)
    for (const verb of act.verbs) verbs.add(verb)
    for (const noun of act.nouns) nouns.add(noun)
    classes |= act.classes
    if (act.effect !== EFFECT.reads) effect = effect === EFFECT.acts ? effect : act.effect
    fetched ||= (act.classes & CLASS_BIT.fetch) !== 0 && FETCHERS.has(step.words[0] ?? '')
  }
  if (SECRET_PATH.test(text) || SECRET_VARIABLE.test(text)) classes |= CLASS_BIT.credential
  return { verbs: [...verbs], nouns: [...nouns], classes: classes >>> 0, effect }
}

/** Splits where the shell splits, outside single quotes; a substitution is a separate step. */
function stepsOf(text: string): Step[] {
  const steps: Step[] = []
  let open = ''
  let piped = false
  let single = false
  let double = false
  const close = (next: boolean): void => {
    const plain = open.trim().replace(/^[({]\s*/, '')
    if (plain !== '' && steps.length < STEPS_MAX) {
      const words = plain.replaceAll(/["']/g, '').split(/\s+/)
      while (
        words.length > 1 &&
        (/^\w+=/.test(words[0] as string) || WRAPPERS.has(words[0] as string)) &&
        !(words[1] as string).startsWith('-')
      )
        words.shift()
      steps.push({ words, text: plain, piped })
    }
    open = ''
    piped = next
  }
  for (let at = 0; at < text.length; at++) {
    const char = text[at] as string
    if (char === "'" && !double) single = !single
    else if (char === '"' && !single) double = !double
    if (!single && (text.startsWith('$(', at) || char === '`')) {
      close(false)
      if (char === '$') at++
      double = false
    } else if (!single && !double && (char === '|' || char === ';' || char === '\n' || char === '&' || char === ')')) {
      if (char === '&' && (text[at - 1] === '>' || text[at + 1] === '>')) open += char
      else close(char === '|' && text[at + 1] !== '|' && text[at - 1] !== '|')
    } else open += char
  }
  close(false)
  return steps
}

interface Act {
  readonly verbs: readonly string[]
  readonly nouns: readonly string[]
  readonly classes: number
  readonly effect: number
}
const read = (nouns: readonly string[] = []): Act => ({
  verbs: [],
  nouns,
  classes: CLASS_BIT.fetch,
  effect: EFFECT.reads,
})

function actOf(step: Step, fetched: boolean): Act {
  const program = (step.words[0] ?? '').replace(/^.*[/\\]/, '').toLowerCase()
  const rest = step.words.slice(1)
  if (step.piped && INTERPRETERS.has(program)) {
    return { verbs: ['run'], nouns: [], classes: CLASS_BIT.run | (fetched ? CLASS_BIT.fetch : 0), effect: EFFECT.acts }
  }
  if (ENVIRONMENT.has(program) && rest.every((word) => word.startsWith('-') || /^[A-Z_]+$/.test(word)))
    return { verbs: [], nouns: ['environment'], classes: CLASS_BIT.credential | CLASS_BIT.fetch, effect: EFFECT.reads }
  if (FETCHERS.has(program)) return fetching(step)
  if (SENDERS.has(program)) return { verbs: ['send'], nouns: [], classes: CLASS_BIT.send, effect: EFFECT.acts }
  if (DELETERS.has(program)) return { verbs: ['delete'], nouns: [], classes: CLASS_BIT.delete, effect: EFFECT.acts }
  if (READERS.has(program) || (program === 'sed' && !rest.some((word) => /^-\w*i/.test(word)))) {
    const writes = /(?:^|[^>&\d])>{1,2}\s*(?![&/]dev\/null)\S/.test(step.text)
    return writes ? { verbs: ['change'], nouns: ['file'], classes: CLASS_BIT.change, effect: EFFECT.acts } : read()
  }
  if (BUILDERS.has(program)) return building(program, rest)
  if (CHANGERS.has(program) || program === 'sed')
    return { verbs: ['change'], nouns: ['file'], classes: CLASS_BIT.change, effect: EFFECT.acts }
  if (program === 'git') return versioning(rest)
  if (INTERPRETERS.has(program)) return interpreting(rest)
  return other(program, rest)
}

function fetching(step: Step): Act {
  const sends = UPLOADS.test(step.text)
  const removes = REMOVES.test(step.text)
  if (removes) return { verbs: ['delete'], nouns: [], classes: CLASS_BIT.delete, effect: EFFECT.acts }
  if (sends) return { verbs: ['post', 'send'], nouns: [], classes: CLASS_BIT.send, effect: EFFECT.acts }
  return { verbs: ['fetch'], nouns: [], classes: CLASS_BIT.fetch, effect: EFFECT.reads }
}

/** Installing what a lock file names, building and testing is routine; a package that the command names is not. */
function building(program: string, rest: readonly string[]): Act {
  const [sub = '', ...more] = rest.filter((word) => !word.startsWith('-'))
  const adds =
    ADDS_PACKAGE.has(sub) &&
    !rest.includes('-r') &&
    more.some((word) => FOREIGN.test(word) && !/^(?:\.|all|deps)$/.test(word))
  if (/^(?:publish|push|login|logout|adduser|token|deprecate|unpublish|owner|access|yank)$/.test(sub))
    return other(program, rest)
  if (adds) return { verbs: ['run'], nouns: ['package'], classes: CLASS_BIT.run | CLASS_BIT.fetch, effect: EFFECT.acts }
  const known = sub === '' || LOCAL_INSTALL.test(sub)
  const nouns = sub === '' ? [program] : [program, sub]
  return {
    verbs: ['run'],
    nouns,
    classes: CLASS_BIT.run,
    effect: known || program !== 'docker' ? EFFECT.routine : EFFECT.acts,
  }
}

const GIT_READS = set(
  'status log diff show branch blame fetch rev-parse remote describe shortlog ls-files grep stash tag config',
)
const GIT_LOCAL = set('add commit checkout switch merge rebase pull restore init worktree cherry-pick')
function versioning(rest: readonly string[]): Act {
  const sub = rest.find((word) => !word.startsWith('-')) ?? ''
  if (GIT_READS.has(sub)) return read()
  if (GIT_LOCAL.has(sub)) return { verbs: [], nouns: ['git', sub], classes: CLASS_BIT.change, effect: EFFECT.routine }
  if (sub === 'clone')
    return { verbs: ['download'], nouns: ['repository'], classes: CLASS_BIT.fetch, effect: EFFECT.acts }
  if (sub === 'push') return { verbs: ['upload'], nouns: ['git'], classes: CLASS_BIT.send, effect: EFFECT.acts }
  return other('git', rest)
}

function interpreting(rest: readonly string[]): Act {
  const remote = rest.some((word) => /^(?:<\(|https?:)/.test(word))
  const inline = rest.some((word) => /^-\w*[ce]$/.test(word))
  const text = rest.join(' ')
  const sends = /\b(?:requests\.(?:post|put)|urlopen|axios\.post|method:\s*POST|smtplib|socket)\b/.test(text)
  return {
    verbs: ['run'],
    nouns: [],
    classes: CLASS_BIT.run | (remote ? CLASS_BIT.fetch : 0) | (sends ? CLASS_BIT.send : 0),
    effect: inline || remote ? EFFECT.acts : EFFECT.routine,
  }
}

/** Any other program: its subcommand is the verb if the lexicon knows one, its name is what it is about. */
function other(program: string, rest: readonly string[]): Act {
  const plain = rest.filter((word) => /^[\p{L}][\p{L}_-]{1,30}$/u.test(word)).slice(0, 3)
  const verbs = plain.filter((word) => imperativeOf(word) !== undefined).slice(0, 2)
  const nouns = [program, ...plain.filter((word) => !verbs.includes(word))].filter((word) => /\p{L}{2}/u.test(word))
  let classes = verbs.reduce((sum, verb) => sum | (imperativeOf(verb)?.classes ?? 0), 0)
  for (const noun of nouns) classes |= nounClasses(noun)
  const reads = verbs.length > 0 && classes === CLASS_BIT.fetch
  return {
    verbs,
    nouns: nouns.slice(0, 3),
    classes: classes === 0 ? CLASS_BIT.run : classes,
    effect: reads ? EFFECT.reads : EFFECT.acts,
  }
}
