/**
 * A command line as programs with their words: parted where a shell parts (`;`, `&&`, `||`, `|`, line ends, brackets,
 * substitutions), quotes and escapes taken off, so that `m'olt'book.com` and `mo\ltbook.com` are what the program gets.
 * Variables that the line itself sets are put in. Not a shell: nothing is run, and what cannot be known stays as it is.
 * One pass; nesting is bounded.
 */
export interface Program {
  readonly words: readonly string[]
  /** Words that input or output is redirected to. */
  readonly redirects: readonly string[]
  /** Number of its pipe: equal for programs whose output goes into one another. */
  readonly pipe: number
}

const DEPTH_MAX = 4
const PROGRAMS_MAX = 4_096
const VARIABLES_MAX = 128
const WORD_CHARS_MAX = 8_192
const ASSIGNMENT = /^([A-Za-z_]\w{0,63})=(.*)$/s
const VARIABLE = /\$(?:\{([A-Za-z_]\w{0,63})\}|([A-Za-z_]\w{0,63}))/g

const ansi = (text: string): string =>
  text.replace(/\\(?:x([0-9a-fA-F]{1,2})|([0-7]{1,3})|(.))/gs, (_, hex?: string, octal?: string, one?: string) =>
    one === undefined ? String.fromCharCode(Number.parseInt(hex ?? octal ?? '0', hex === undefined ? 8 : 16)) : one,
  )

class Reader {
  readonly programs: Program[] = []
  readonly #text: string
  readonly #variables = new Map<string, string>()
  /** Whether programs were left out. */
  cut = false
  #at = 0
  #pipes = 0
  constructor(text: string) {
    this.#text = text
  }

  /** Reads up to the bracket or backtick that closes what was opened, or to the end. */
  read(until: string, depth: number): void {
    let words: string[] = []
    let redirects: string[] = []
    let word: string | undefined
    let redirected = false
    let pipe = ++this.#pipes
    const endWord = (): void => {
      if (word === undefined) return
      const whole = this.#filled(word)
      if (redirected) redirects.push(whole)
      else words.push(whole)
      word = undefined
      redirected = false
    }
    const endProgram = (piped: boolean): void => {
      endWord()
      this.#end(words, redirects, pipe)
      words = []
      redirects = []
      if (!piped) pipe = ++this.#pipes
    }
    const text = this.#text
    while (this.#at < text.length) {
      const one = text.charAt(this.#at)
      const two = text.charAt(this.#at + 1)
      if (one === until) break
      if (one === '\\') {
        if (two !== '\n') word = (word ?? '') + two
        this.#at += 2
      } else if (one === "'" || (one === '$' && two === "'")) {
        word = (word ?? '') + this.#single(one === '$')
      } else if (one === '"') {
        this.#at += 1
        word = (word ?? '') + this.#double(depth)
      } else if ((one === '$' && two === '(') || one === '`') {
        this.#at += one === '$' ? 2 : 1
        word ??= ''
        this.#inner(one === '$' ? ')' : '`', depth)
      } else if (one === '(' || one === ')' || one === ';' || one === '&' || one === '\n' || one === '|') {
        this.#at += 1
        // `|` alone pipes on; `||` does not.
        endProgram(one === '|' && two !== '|')
      } else if (one === '<' || one === '>') {
        this.#at += 1
        endWord()
        redirected = true
      } else if (/\s/.test(one)) {
        this.#at += 1
        if (word !== undefined) endWord()
      } else {
        word = (word ?? '') + one
        this.#at += 1
      }
    }
    endProgram(false)
  }

  #end(words: readonly string[], redirects: readonly string[], pipe: number): void {
    let first = 0
    for (; first < words.length; first++) {
      const [, name, value] = ASSIGNMENT.exec(words[first] ?? '') ?? []
      if (name === undefined || this.#variables.size >= VARIABLES_MAX) break
      this.#variables.set(name, value ?? '')
    }
    const own = words.slice(first)
    if (own.length === 0 && redirects.length === 0) return
    if (this.programs.length < PROGRAMS_MAX) this.programs.push({ words: own, redirects, pipe })
    else this.cut = true
  }

  #filled(word: string): string {
    if (!word.includes('$')) return word
    return word
      .slice(0, WORD_CHARS_MAX)
      .replace(VARIABLE, (whole, braced?: string, bare?: string) => this.#variables.get(braced ?? bare ?? '') ?? whole)
      .slice(0, WORD_CHARS_MAX)
  }

  #single(decoded: boolean): string {
    const start = this.#at + (decoded ? 2 : 1)
    const end = this.#text.indexOf("'", start)
    this.#at = end < 0 ? this.#text.length : end + 1
    const inside = this.#text.slice(start, end < 0 ? undefined : end)
    return decoded ? ansi(inside) : inside
  }

  #double(depth: number): string {
    let inside = ''
    while (this.#at < this.#text.length) {
      const one = this.#text.charAt(this.#at)
      const two = this.#text.charAt(this.#at + 1)
      if (one === '"') {
        this.#at += 1
        break
      }
      if (one === '\\' && /["\\$`\n]/.test(two)) {
        inside += two === '\n' ? '' : two
        this.#at += 2
      } else if ((one === '$' && two === '(') || one === '`') {
        this.#at += one === '$' ? 2 : 1
        this.#inner(one === '$' ? ')' : '`', depth)
      } else {
        inside += one
        this.#at += 1
      }
    }
    return inside
  }

  /** A substitution is a separate command. */
  #inner(until: string, depth: number): void {
    if (depth < DEPTH_MAX) this.read(until, depth + 1)
    this.#at += 1
  }
}

/** The programs of a command line or a short script, those in substitutions before those around them. */
export function programsOf(text: string): { readonly programs: readonly Program[]; readonly cut: boolean } {
  // `$IFS` is a blank that somebody did not want to write; cmd's caret means nothing.
  const reader = new Reader(text.replaceAll(/\$\{?IFS\}?(?:\$9)?/g, ' ').replaceAll('^', ''))
  reader.read('', 0)
  return { programs: reader.programs, cut: reader.cut }
}
