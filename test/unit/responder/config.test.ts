/** The configuration file: what is taken, what is refused, and how that is said. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import Type from 'typebox'
import { describe, expect, it, onTestFinished } from 'vitest'
import { stringify } from 'yaml'
import {
  type ConfigProblem,
  defaultConfig,
  formatProblems,
  loadConfig,
  parseConfig,
  type ServiceConfiguration,
  tokenSpecs,
  watchConfig,
} from '../../../services/lib/config.ts'
import { createYamlReader } from '../../../services/lib/yaml/read.ts'
import { SINK_TYPES } from '../../../services/responder/sinks/registry.ts'
import { createAuthenticator } from '../../../services/lib/auth.ts'
import { eventually } from '../../support/responder.ts'
import { TEST_SECRET } from '../../support/webhook-receiver.ts'

/** As the service reads its file. */
const parse = (text: string, options: Parameters<typeof parseConfig>[1] = {}) =>
  parseConfig(text, { sinkTypes: SINK_TYPES, ...options })
const problemsOf = (text: string, options?: Parameters<typeof parseConfig>[1]): readonly ConfigProblem[] => {
  const outcome = parse(text, options)
  return outcome.ok ? [] : outcome.problems
}
const sinkYaml = (change: Record<string, unknown> = {}): string =>
  stringify({
    sinks: [{ name: 'siem', type: 'webhook', url: 'https://siem.example.com/hook', secret: TEST_SECRET, ...change }],
  })

describe('a good configuration', () => {
  it('is what an empty file says, with every default', () => {
    for (const text of ['', '# nothing\n', 'sinks:\npolicy:\n'])
      expect(parseConfig(text)).toEqual({ ok: true, config: defaultConfig() })
    expect(defaultConfig()).toMatchObject({
      sinks: [],
      tokens: [],
      policy: { tenants: {} },
      retention: { log_days: 7 },
    })
  })

  it('needs of a sink only what the reader knows', () => {
    const outcome = parse(sinkYaml())
    expect(outcome.ok && outcome.config.sinks[0]).toEqual({
      name: 'siem',
      type: 'webhook',
      url: 'https://siem.example.com/hook',
      secret: TEST_SECRET,
      min_severity: 'medium',
      excerpts: false,
      allow_private: false,
      tenant: 'default',
      receives: ['findings', 'orders', 'notices'],
    })
  })

  it('gives tokens that the authenticator takes', () => {
    const outcome = parseConfig(
      'tokens: [{name: soc, token: abc, role: analyst}, {name: up, role: sender, token: def}]',
    )
    if (!outcome.ok) throw new Error('refused')
    const authenticate = createAuthenticator(tokenSpecs(outcome.config.tokens))
    expect(authenticate('Bearer abc')).toMatchObject({ ok: true, grant: { tenant: 'default', role: 'analyst' } })
  })
})

describe('a bad configuration', () => {
  it.each([
    ['sinks: [', 1, 'is not YAML'],
    ['a: 1\na: 2\n', 2, 'is not YAML'],
    ['- x', 1, 'must be an object'],
    ['polcy:\n  mode: shadow\n', 1, 'did you mean "policy"?'],
    ['policy:\n  mode: shadw\n', 2, 'must be one of shadow, propose, enforce'],
    ['policy:\n  rules:\n    - detector: x\n', 3, 'is missing actions'],
    ['policy:\n  tenants:\n    acme:\n      protected: [a*b]\n', 4, 'at the end'],
    ['tokens:\n  - {name: a, role: admin}\n', 2, 'one of token, sha256'],
    [
      'tokens:\n  - {name: a, role: admin, token: x}\n  - {name: b, role: sender, token: x}\n',
      3,
      'the same as another',
    ],
    [sinkYaml({ url: 'http://siem.example.com' }), 4, 'http is allowed with allow_private'],
    [sinkYaml({ url: 'https://2130706433/' }), 4, 'leads to a loopback address'],
    [sinkYaml({ url: 'https://[::ffff:10.0.0.1]/' }), 4, 'leads to a private address'],
    [sinkYaml({ url: 'https://user:pass@siem.example.com/' }), 4, 'user or password'],
    [sinkYaml({ url: 'ftp://siem.example.com/' }), 4, 'must be an https URL'],
    [sinkYaml({ url: 'siem' }), 4, 'is not a URL'],
    [sinkYaml({ secret: 'whsec_c2hvcnQ=' }), 5, '24 to 64 bytes'],
    [sinkYaml({ previous_secret: 'x' }), 6, 'must start with whsec_'],
    [sinkYaml({ min_severity: 'hi' }), 6, 'must be one of info'],
  ])('%j is refused at line %i', (text, line, message) => {
    const problems = problemsOf(text)
    expect(problems.map((p) => p.message).join('\n')).toContain(message)
    expect(problems.find((p) => p.message.includes(message))?.line).toBe(line)
  })

  it('names detectors that do not exist and settings that they do not take', () => {
    const detectors = [{ id: 'peer/known-agent-network', settings: Type.Object({ grace_days: Type.Integer() }) }]
    const text = [
      'policy:',
      '  rules:',
      '    - {detector: peer/known-agent-netwerk, actions: [page]}',
      '    - {detector: peer/*, actions: [page]}',
      'detection:',
      '  detectors:',
      '    peer/known-agent-network:',
      '      settings: {grace_dys: 3}',
    ].join('\n')
    const problems = problemsOf(text, { detectors })
    expect(problems).toHaveLength(2)
    expect(problems[0]?.message).toContain('did you mean "peer/known-agent-network"?')
    expect(problems[1]).toMatchObject({
      line: 8,
      path: 'detection.detectors.peer/known-agent-network.settings.grace_dys',
    })
    expect(problemsOf(text)).toEqual([])
  })

  it('never repeats a secret, a token or a URL', () => {
    const secret = fc.string({
      minLength: 12,
      maxLength: 40,
      unit: fc.constantFrom(...'abcdefgh0123456789_-:/@'.split('')),
    })
    fc.assert(
      fc.property(secret, (word) => {
        const text = stringify({
          sinks: [{ name: 'a', type: 'webhook', url: word, secret: word, min_severity: word }],
          tokens: [{ name: 'a', role: word, token: word, sha256: word }],
        })
        const said = formatProblems('moltwatch.yaml', problemsOf(text))
        return said.length > 0 && !said.includes(word)
      }),
    )
    expect(formatProblems('f', problemsOf(`sinks: [{secret: ${TEST_SECRET}, ]: x`))).not.toContain(TEST_SECRET)
  })

  it('is answered, never thrown at, whatever the text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.json()), (text) => {
        const outcome = parse(text)
        return outcome.ok || outcome.problems.length > 0
      }),
    )
    const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefgh'.replaceAll(/./g, (c) => `${c}: &${c} [${`*${String.fromCharCode(c.charCodeAt(0) - 1)},`.repeat(9)}]\n`)}`
    expect(problemsOf(bomb).length).toBeGreaterThan(0)
  })

  it('says that the file is missing', async () => {
    const outcome = await loadConfig('/nonexistent/moltwatch.yaml')
    expect(outcome.ok ? '' : formatProblems('moltwatch.yaml', outcome.problems)).toBe(
      'moltwatch.yaml: cannot be read: ENOENT',
    )
  })
})

describe('watching the file', () => {
  /** Watches a file that says one thing after the other, one at each look and the last for good; tells what it heard. */
  async function heardOf(texts: readonly string[], count: number) {
    const directory = await mkdtemp(join(tmpdir(), 'moltwatch-config-'))
    onTestFinished(() => rm(directory, { recursive: true }))
    const files = texts.map((_, n) => join(directory, `${n}.yaml`))
    await Promise.all(files.map((file, n) => writeFile(file, texts[n] as string)))
    const readFile = createYamlReader()
    const path = join(directory, 'moltwatch.yaml')
    let looks = 0
    const heard: (ServiceConfiguration | readonly ConfigProblem[])[] = []
    const stop = watchConfig({
      path,
      inForce: defaultConfig(),
      everyMs: 1,
      options: {
        read: (file) => readFile(file === path ? (files[Math.min(looks++, files.length - 1)] as string) : file),
      },
      onChange: (config) => heard.push(config),
      onProblems: (problems) => heard.push(problems),
    })
    onTestFinished(stop)
    await eventually('what it says in the end', () => heard.length >= count && looks > files.length + 2)
    return heard
  }

  it('takes good changes and refuses bad ones, each once', async () => {
    const bad = 'polcy: {}'
    const good = 'retention: {log_days: 3}'
    const heard = await heardOf(['', bad, bad, bad, good, good, good], 2)
    expect(heard).toMatchObject([[{ line: 1 }], { retention: { log_days: 3 } }])
  })

  it('takes nothing from a file that is empty, or half there, while it is written', async () => {
    const [before, after] = ['retention: {log_days: 3}', 'retention: {log_days: 4}']
    const heard = await heardOf([before, before, '', 'retention: {log_', after], 2)
    expect(heard).toMatchObject([{ retention: { log_days: 3 } }, { retention: { log_days: 4 } }])
  })

  it('sees a change of the file itself', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'moltwatch-config-'))
    onTestFinished(() => rm(directory, { recursive: true }))
    const path = join(directory, 'moltwatch.yaml')
    await writeFile(path, '')
    const heard: ServiceConfiguration[] = []
    const onProblems = () => undefined
    const stop = watchConfig({
      path,
      inForce: defaultConfig(),
      everyMs: 20,
      onChange: (c) => heard.push(c),
      onProblems,
    })
    onTestFinished(stop)
    await writeFile(path, 'retention: {log_days: 3}')
    await eventually('the change', () => heard.at(-1)?.retention.log_days === 3)
  })
})

describe('the provider at which people sign in', () => {
  const good = {
    issuer: 'https://login.example.com/realms/soc',
    client_id: 'moltwatch',
    url: 'https://moltwatch.example.com',
    rules: [{ claim: 'groups', value: 'soc', role: 'analyst' }],
  }
  const told = (change: object): string[] =>
    problemsOf(stringify({ oidc: { ...good, ...change } }), {
      readSecret: () => ({ ok: false, reason: 'names the environment variable NONE, which is not set' }),
    }).map(({ path, message }) => `${path} ${message}`)

  it('has its defaults, and its secret where the file names it', () => {
    const outcome = parse(stringify({ oidc: { ...good, client_secret_env: 'SECRET' } }), {
      readSecret: () => ({ ok: true, text: 'of the provider' }),
    })
    expect(outcome.ok && outcome.config.oidc).toEqual({
      ...good,
      client_secret: 'of the provider',
      name: 'single sign-on',
      name_claim: 'email',
      scopes: ['openid', 'profile', 'email'],
      session_hours: 8,
      rules: [{ ...good.rules[0], tenant: 'default' }],
    })
  })

  it.each([
    [{ issuer: 'http://login.example.com' }, 'oidc.issuer must begin with https:// (http:// on the loopback'],
    [{ issuer: 'login.example.com' }, 'oidc.issuer must be a URL such as'],
    [{ url: 'https://moltwatch.example.com/soc' }, 'oidc.url must have the form https://moltwatch.example.com'],
    [{ scopes: ['email'] }, 'oidc.scopes must hold openid'],
    [{ rules: [{ claim: 'groups', value: 'a', role: 'ingest' }] }, 'oidc.rules[0].role must be one of analyst'],
    [{ rules: [{ claim: 'g', value: 'a', role: 'admin', tenant: '*' }] }, 'oidc.rules[0].tenant must be one tenant'],
    [{ client_secret_env: 'NONE' }, 'oidc.client_secret_env names the environment variable NONE'],
    [{ client_secret_env: 'A', client_secret: 'b' }, 'oidc.client_secret_env stands beside another one'],
  ])('says what is wrong with %j', (change, expected) => {
    expect(told({})).toEqual([])
    expect(told(change).join('\n')).toContain(expected)
  })
})
