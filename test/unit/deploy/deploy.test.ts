/**
 * The deploy files say what the code says: topics and tables are those of the code, the image holds what the program needs, and
 * compose starts commands that exist, on ports that they have, with configurations that they take.
 */
import { execFile, spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { createChdbConnection } from 'chdb/connection'
import { DCLinter } from 'dclint'
import { validate } from 'dockerfile-utils'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { DETECTORS } from '../../../detectors/registry.ts'
import { replicatedSchema } from '../../../scripts/replicated-schema.ts'
import { topicManifests } from '../../../scripts/topic-manifests.ts'
import { KAFKA_IMAGE } from '../../../infra/local/kafka-jars.ts'
import { topicSpecs } from '../../../schemas/topics.ts'
import { DEFAULT_PORTS, ROLES, type RoleName } from '../../../services/roles/role.ts'
import { parseConfig } from '../../../services/lib/config.ts'
import { parseMasterKey } from '../../../services/lib/secrets.ts'
import { CLICKHOUSE_IMAGE } from '../../support/engines.ts'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8')
const run = promisify(execFile)
const SYSTEMD = 'systemd-analyze'

describe('topic manifests', () => {
  it('are those of schemas/topics.ts', () => {
    expect(read('infra/kafka/topics.yaml')).toBe(topicManifests())
    const resources = topicManifests().split('---\n').slice(1)
    expect(resources.map((text) => (parse(text) as { spec: { topicName: string } }).spec.topicName)).toEqual(
      topicSpecs().map(({ name }) => name),
    )
  })

  it('are what the definition of KafkaTopic takes', () => {
    for (const text of topicManifests().split('---\n').slice(1)) {
      const { apiVersion, kind, metadata, spec } = parse(text) as {
        apiVersion: string
        kind: string
        metadata: { name: string; labels: Record<string, string>; annotations: Record<string, unknown> }
        spec: { topicName: string; partitions: number; replicas: number; config: Record<string, unknown> }
      }
      expect([apiVersion, kind]).toEqual(['kafka.strimzi.io/v1', 'KafkaTopic'])
      expect(metadata.name).toMatch(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/)
      expect(metadata.labels['strimzi.io/cluster']).toBe('moltwatch')
      for (const value of Object.values(metadata.annotations)) expect(value).toBeTypeOf('string')
      expect(spec.topicName).toMatch(/^[a-zA-Z0-9._-]{1,249}$/)
      expect(Number.isInteger(spec.partitions) && spec.partitions >= 1).toBe(true)
      expect(spec.replicas).toBe(3)
      for (const value of Object.values(spec.config)) expect(value).toBeTypeOf('string')
    }
  })
})

describe('the schema for replicas', () => {
  it('is made from the migrations', () => {
    expect(read('infra/clickhouse/replicated/schema.sql')).toBe(replicatedSchema())
  })

  it('is SQL that ClickHouse reads, and every table in it is replicated', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'moltwatch-deploy-'))
    const engine = createChdbConnection({ path: directory })
    try {
      const statements = replicatedSchema()
        .replaceAll(/^--.*$/gm, '')
        .split(/;\n/)
        .map((statement) => statement.trim())
        .filter((statement) => statement !== '')
      expect(statements.length).toBeGreaterThan(3)
      for (const statement of statements) {
        const query = 'SELECT formatQuerySingleLine({statement:String}) FORMAT TabSeparatedRaw'
        const { stream } = await engine.query({ query, query_params: { statement } })
        let text = ''
        for await (const chunk of stream) text += String(chunk)
        // What copies rows reaches the other replicas by itself; what changes tables has to name the cluster.
        if (text.startsWith('INSERT INTO ')) continue
        expect(text).toContain(' ON CLUSTER `{cluster}`')
        if (!text.startsWith('CREATE ')) continue
        expect(text).toMatch(/^CREATE TABLE IF NOT EXISTS \w+ ON CLUSTER .* ENGINE = Replicated\w*MergeTree\(/)
      }
    } finally {
      await engine.close()
      rmSync(directory, { recursive: true, force: true })
    }
  })
})

describe('the systemd unit', () => {
  const unit = read('infra/systemd/moltwatch.service')
  const commands = [...unit.matchAll(/^Exec\w+=(.*)$/gm)].map((match) => (match[1] as string).split(' '))

  it('starts what there is, with options that it takes', async () => {
    expect(commands.map(([, , command]) => command)).toEqual(['check-config', 'start'])
    for (const [program, script, command, ...words] of commands) {
      expect(program).toBe('/opt/moltwatch/node_modules/node/bin/node')
      const { stdout } = await run(process.execPath, [join(ROOT, script as string), command as string, '--help'])
      for (const option of words.filter((word) => word.startsWith('--'))) expect(stdout).toContain(option)
    }
  })

  const hasSystemd = spawnSync(SYSTEMD, ['--version']).status === 0
  if (!hasSystemd) console.warn('left out: what systemd says of the unit, because systemd-analyze is missing')
  // Not every machine has systemd, and the tests install none.
  it.skipIf(!hasSystemd)('passes systemd-analyze', () => {
    const directory = mkdtempSync(join(tmpdir(), 'moltwatch-unit-'))
    try {
      // It wants the program to be there.
      const here = unit.replaceAll('/opt/moltwatch/node_modules/node/bin/node', process.execPath)
      const verify = (text: string) => {
        const file = join(directory, 'moltwatch.service')
        writeFileSync(file, text)
        const { status, stderr } = spawnSync(SYSTEMD, ['verify', file], { encoding: 'utf8' })
        return { status, told: stderr.split('\n').filter((line) => line.includes('moltwatch.service')) }
      }
      expect(verify(here)).toEqual({ status: 0, told: [] })
      expect(verify(here.replace('Restart=on-failure', 'Restart=perhaps')).told).not.toEqual([])
    } finally {
      rmSync(directory, { recursive: true })
    }
  })
})

describe('the image', () => {
  const text = read('infra/docker/Dockerfile')
  const lines = text.split('\n')

  it('passes the linter', () => {
    expect(validate(text)).toEqual([])
    // The linter does find what is wrong.
    expect(validate('FROM node\nMAINTAINER me\nCOPPY a b\n').length).toBeGreaterThan(1)
  })

  it('runs on the pinned Node, and not as root', () => {
    const { dependencies } = JSON.parse(read('package.json')) as { dependencies: Record<string, string> }
    const bases = lines.filter((line) => line.startsWith('FROM ')).map((line) => line.split(' ')[1])
    expect(bases).toEqual(bases.map(() => `node:${dependencies['node']}-bookworm-slim`))
    expect(lines.filter((line) => line.startsWith('USER '))).toEqual(['USER node'])
    expect(lines.indexOf('USER node')).toBeGreaterThan(lines.findLastIndex((line) => line.startsWith('COPY ')))
  })

  it('builds the console out of what its first stage copies', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'moltwatch-image-'))
    const installs = lines.findIndex((line) => line.startsWith('RUN npm ci'))
    const copies = lines.slice(0, installs).filter((line) => line.startsWith('COPY '))
    try {
      for (const source of copies.flatMap((line) => line.split(/\s+/).slice(1, -1))) {
        const filter = (path: string): boolean => path !== join(ROOT, 'services/console/dist')
        cpSync(join(ROOT, source), join(directory, source), { recursive: true, filter })
      }
      symlinkSync(join(ROOT, 'node_modules'), join(directory, 'node_modules'))
      await run('npm', ['run', '-s', 'build:console'], { cwd: directory })
      expect(existsSync(join(directory, 'services/console/dist/index.html'))).toBe(true)
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
  })

  it('holds all that the program needs, and the builder is sent no more', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'moltwatch-image-'))
    const copies = lines.filter((line) => line.startsWith('COPY ') && !line.includes('--from='))
    const copied = [...new Set(copies.flatMap((line) => line.split(/\s+/).slice(1, -1)))]
    // A folder that one stage takes is sent with the folder that holds it.
    const sources = new Set(copied.filter((path) => !copied.some((other) => path.startsWith(`${other}/`))))
    const sent = read('infra/docker/Dockerfile.dockerignore')
      .split('\n')
      .filter((line) => line.startsWith('!'))
    try {
      expect(sent.map((line) => line.slice(1)).sort()).toEqual([...sources].sort())
      for (const source of sources) {
        expect(existsSync(join(ROOT, source))).toBe(true)
        const filter = (path: string): boolean => !path.endsWith('.cases.ts')
        cpSync(join(ROOT, source), join(directory, source), { recursive: true, filter })
      }
      symlinkSync(join(ROOT, 'node_modules'), join(directory, 'node_modules'))
      const { stdout } = await run(process.execPath, ['services/main.ts', '--help'], { cwd: directory })
      for (const role of ROLES) expect(stdout).toContain(`\n  ${role} `)
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
  })
})

interface Service {
  readonly image?: string
  readonly build?: unknown
  readonly pull_policy?: string
  readonly read_only?: boolean
  readonly tmpfs?: readonly string[]
  readonly command?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  readonly ports?: readonly string[]
  readonly profiles?: readonly string[]
  readonly volumes?: readonly string[]
  readonly healthcheck?: { readonly test: readonly string[] }
}

const COMPOSE = read('infra/compose/compose.yaml')
const VARIABLE = /\$\{(\w+)(?::-([^}]*))?\}/g

const variablesOf = (file: string): Record<string, string> =>
  Object.fromEntries(
    read(file)
      .split('\n')
      .filter((line) => /^\w+=/.test(line))
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  )

/** The text of compose.yaml with its variables replaced, as compose itself reads it. */
const substituted = (variables: Readonly<Record<string, string>>): string =>
  COMPOSE.replaceAll(VARIABLE, (_, name: string, fallback = '') => variables[name] ?? String(fallback))

function compose(variables: Readonly<Record<string, string>>): Record<string, Service> {
  const profiles = (variables['COMPOSE_PROFILES'] ?? '').split(',')
  const { services } = parse(substituted(variables), { merge: true, uniqueKeys: true, strict: true }) as {
    services: Record<string, Service>
  }
  const isOn = ({ profiles: own }: Service): boolean => own === undefined || own.some((one) => profiles.includes(one))
  return Object.fromEntries(Object.entries(services).filter(([, service]) => isOn(service)))
}

/** All rules of the linter hold, and the schema of the Compose Specification, but for these. */
const LINT_RULES = {
  // The formatter of the repository wants double quotes where the linter's default wants single ones.
  'require-quotes-in-ports': [2, { quoteType: 'double' }],
  // The order tells the way of an event: collector, detector, archiver, responder, api, then the engines.
  'services-alphabetical-order': 0,
  // What a service has in common with others comes first, then what is its own.
  'service-keys-order': 0,
  'top-level-properties-order': 0,
  // The port of the API of a process comes first, as in docs/operations.md.
  'service-ports-alphabetical-order': 0,
} as const

interface LintMessage {
  readonly rule: string
  readonly message: string
  readonly line: number
}

/** What the linter says of a compose file with this text: name of the rule, and where. */
function lintCompose(text: string): string[] {
  const directory = mkdtempSync(join(tmpdir(), 'moltwatch-compose-'))
  const file = join(directory, 'compose.yaml')
  try {
    writeFileSync(file, text)
    const linter = new DCLinter({ rules: LINT_RULES, quiet: false, debug: false, exclude: [] })
    // The declarations of the package lack the endings of their imports, so its types do not arrive here.
    const results = linter.lintFiles([file], false) as { messages: LintMessage[] }[]
    return results.flatMap(({ messages }) =>
      messages.map(({ rule, line, message }) => `${rule}, line ${line}: ${message}`),
    )
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

describe.each([
  ['one broker', {}, ['kafka-1']],
  ['three brokers', variablesOf('infra/compose/three.env'), ['kafka-1', 'kafka-2', 'kafka-3']],
])('compose with %s', (_name, variables, brokers) => {
  const services = compose(variables)
  const roles = Object.entries(services).filter(([name]) => ROLES.includes(name as RoleName)) as [RoleName, Service][]

  it('has every process and broker, each with a check of its health and a version', () => {
    expect(Object.keys(services).sort()).toEqual([...ROLES, 'clickhouse', ...brokers].sort())
    for (const [name, { image, healthcheck }] of Object.entries(services)) {
      expect(healthcheck?.test.length, name).toBeGreaterThan(1)
      // The tests run on the same images where they run in containers.
      if (name.startsWith('kafka')) expect(image).toBe(KAFKA_IMAGE)
      else if (name === 'clickhouse') expect(image).toBe(CLICKHOUSE_IMAGE)
    }
  })

  it('gives each process its command, its port and a configuration that it takes', () => {
    for (const [role, { command, ports = [], healthcheck, volumes = [], environment = {} }] of roles) {
      expect(command).toEqual([role, '--config', '/etc/moltwatch.yaml', '--host', '0.0.0.0'])
      expect(healthcheck?.test.join(' ')).toContain(`http://127.0.0.1:${DEFAULT_PORTS[role]}/readyz`)
      for (const port of ports) {
        expect(port).toMatch(/^127\.0\.0\.1:(\d+):\1$/)
        expect([String(DEFAULT_PORTS[role]), '4318']).toContain(port.split(':')[1])
      }
      const file = /^\.\/(.+):\/etc\/moltwatch\.yaml:ro$/.exec(volumes[0] ?? '')?.[1]
      const outcome = parseConfig(read(`infra/compose/${file}`), { detectors: DETECTORS })
      expect(outcome.ok ? [] : outcome.problems).toEqual([])
      if (!outcome.ok) continue
      const { kafka, clickhouse } = outcome.config
      expect(kafka?.brokers).toEqual(brokers.map((name) => `${name}:9092`))
      expect(kafka?.replication_factor).toBe(brokers.length)
      expect(environment).toHaveProperty(clickhouse?.password_env ?? 'none')
      if (role === 'collector') expect(parseMasterKey(environment['MOLTWATCH_MASTER_KEY'] ?? '')).toBeDefined()
    }
  })

  it('builds the image once for all processes, and asks no registry for it', () => {
    const builders = roles.filter(([, { build }]) => build !== undefined)
    expect(builders.map(([, service]) => service.pull_policy)).toEqual(['build'])
    for (const [, { image, build, pull_policy: policy }] of roles) {
      expect(image).toBe('moltwatch')
      if (build === undefined) expect(policy).toBe('never')
    }
  })

  it('lets the processes write nowhere, and leaves no volume of theirs behind', () => {
    const volumes = [...read('infra/docker/Dockerfile').matchAll(/^VOLUME (\S+)$/gm)].map(([, path]) => path)
    for (const [, service] of roles) expect(service).toMatchObject({ read_only: true, tmpfs: volumes })
  })

  it('makes one cluster of the brokers', () => {
    const settings = brokers.map((name) => services[name]?.environment ?? {})
    const voters = brokers.map((name, index) => `${index + 1}@${name}:9093`).join(',')
    for (const [index, environment] of settings.entries()) {
      expect(environment).toMatchObject({
        KAFKA_NODE_ID: String(index + 1),
        KAFKA_CONTROLLER_QUORUM_VOTERS: voters,
        KAFKA_ADVERTISED_LISTENERS: `PLAINTEXT://${brokers[index]}:9092`,
        KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: brokers.length,
      })
      expect(Buffer.from(environment['CLUSTER_ID'] ?? '', 'base64url')).toHaveLength(16)
    }
  })
})

describe('the linter of compose', () => {
  it.each([
    ['as it stands', COMPOSE],
    ['with one broker', substituted({})],
    ['with three brokers', substituted(variablesOf('infra/compose/three.env'))],
  ])('finds nothing in it %s', (_name, text) => {
    expect(lintCompose(text)).toEqual([])
  })

  it.each([
    ['a key that does not exist', 'invalid-schema', 'restart: unless-stopped', 'restarts: unless-stopped'],
    ['a list that is none, in what services share', 'invalid-schema', 'cap_drop: [ALL]', 'cap_drop: ALL'],
    ['a key twice', 'invalid-yaml', 'name: moltwatch\n', 'name: moltwatch\nname: other\n'],
    ['an anchor that does not exist', 'unknown-error', 'healthcheck: *kafka-probe', 'healthcheck: *probes'],
    ['a port for everybody', 'no-unbound-port-interfaces', '"127.0.0.1:8080:8080"', '"8080:8080"'],
    ['a port twice', 'no-duplicate-exported-ports', '"127.0.0.1:4318:4318"', '"127.0.0.1:8080:4318"'],
    [
      'an image of any version',
      'service-image-require-explicit-tag',
      `image: ${CLICKHOUSE_IMAGE}`,
      'image: clickhouse',
    ],
  ])('finds %s', (_name, rule, from, to) => {
    expect(COMPOSE).toContain(from)
    expect(lintCompose(COMPOSE.replace(from, to)).join('\n')).toContain(`${rule}, line`)
  })
})

describe('the environment of compose', () => {
  it('sets nothing that compose.yaml does not use', () => {
    const used = new Set(['COMPOSE_PROFILES', ...[...COMPOSE.matchAll(VARIABLE)].map(([, name]) => name)])
    for (const name of Object.keys(variablesOf('infra/compose/three.env'))) expect(used).toContain(name)
  })
})
