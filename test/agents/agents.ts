/** Coding agents that are packages of npm under a free licence, and how each is set up with the lines of docs/senders.md. */
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freePort } from '../support/service.ts'

export interface Place {
  /** Where it is installed. */
  readonly directory: string
  /** A directory of its own, as its home. */
  readonly home: string
  /** The directory that it works in. */
  readonly work: string
  readonly modelUrl: string
  readonly otlpUrl: string
  readonly token: string
}

export interface Ready {
  /** The variables that it is started with. */
  readonly variables: Readonly<Record<string, string>>
  /** Answers once the program takes tasks; only a server has one. */
  readonly healthUrl?: string
}

export interface CodingAgent {
  readonly name: string
  readonly package: string
  readonly version: string
  /** Its program, within the directory of its installation. */
  readonly program: string
  readonly args: readonly string[]
  /** Its program is a server: what the program is started with a second time to give it the task. */
  readonly ask?: readonly string[]
  /** How its events name it. */
  readonly identity: string
  /** The call that the stand-in of its model asks for; without a target where the agent does not send what it calls with. */
  readonly call: { readonly action: string; readonly target: string }
  /** Writes its settings. */
  setUp(place: Place): Promise<Ready>
}

const TASK = 'Read notes.txt.'

const codex: CodingAgent = {
  name: 'Codex CLI',
  package: '@openai/codex',
  version: '0.171.0',
  program: 'node_modules/@openai/codex/bin/codex.js',
  args: ['exec', '--skip-git-repo-check', TASK],
  identity: 'codex_exec',
  call: { action: 'exec_command', target: 'cat notes.txt' },
  async setUp({ home, modelUrl, otlpUrl, token }) {
    const settings = `model = "stand-in"
model_provider = "local"
approval_policy = "never"
sandbox_mode = "danger-full-access"

[model_providers.local]
name = "local"
base_url = "${modelUrl}/v1"
wire_api = "responses"
env_key = "MODEL_KEY"

[otel]
log_user_prompt = true
exporter = { otlp-http = { endpoint = "${otlpUrl}/v1/logs", protocol = "binary", headers = { Authorization = "Bearer ${token}" } } }
`
    await writeFile(join(home, 'config.toml'), settings, { mode: 0o600 })
    return { variables: { CODEX_HOME: home, MODEL_KEY: 'none' } }
  },
}

const gemini: CodingAgent = {
  name: 'Gemini CLI',
  package: '@google/gemini-cli',
  version: '0.61.0',
  program: 'node_modules/@google/gemini-cli/bundle/gemini.js',
  args: ['--model', 'gemini-2.5-flash', '--yolo', '--prompt', TASK],
  identity: 'gemini-cli',
  call: { action: 'read_file', target: 'notes.txt' },
  async setUp({ home, modelUrl, otlpUrl, token }) {
    await mkdir(join(home, '.gemini'))
    const settings = { security: { auth: { selectedType: 'gemini-api-key' } } }
    await writeFile(join(home, '.gemini/settings.json'), JSON.stringify(settings))
    return {
      variables: {
        HOME: home,
        GEMINI_API_KEY: 'none',
        GOOGLE_GEMINI_BASE_URL: modelUrl,
        GEMINI_CLI_TRUST_WORKSPACE: 'true',
        GEMINI_TELEMETRY_ENABLED: 'true',
        GEMINI_TELEMETRY_TARGET: 'local',
        GEMINI_TELEMETRY_USE_COLLECTOR: 'true',
        GEMINI_TELEMETRY_OTLP_PROTOCOL: 'http',
        GEMINI_TELEMETRY_OTLP_ENDPOINT: otlpUrl,
        OTEL_EXPORTER_OTLP_HEADERS: `Authorization=Bearer ${token}`,
      },
    }
  },
}

/**
 * OpenClaw installs the packages that its plugins name before it uses one of them, and at its first turn those that any plugin names.
 * The plugin for OpenTelemetry carries its own, so none is needed here: the plugins are made to name none. What then remains are
 * packages of OpenClaw itself, which are there; it takes them for installed if the manifest beside them says that they were.
 */
async function takeAsInstalled(directory: string): Promise<void> {
  const root = join(directory, 'node_modules/openclaw')
  const plugins = join(root, 'dist/extensions')
  for (const plugin of await readdir(plugins)) {
    const file = join(plugins, plugin, 'package.json')
    if (!existsSync(file)) continue
    const { dependencies, ...manifest } = JSON.parse(await readFile(file, 'utf8')) as { dependencies?: object }
    // A file that is newer than its copy would be copied and translated anew.
    if (dependencies !== undefined) await writeFile(file, JSON.stringify(manifest))
  }
  const own = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
    readonly dependencies: Readonly<Record<string, string>>
    readonly openclaw: { readonly bundle: { readonly mirroredRootRuntimeDependencies: readonly string[] } }
  }
  const names = own.openclaw.bundle.mirroredRootRuntimeDependencies
  const dependencies = Object.fromEntries(names.map((name) => [name, own.dependencies[name]]))
  const manifest = { name: 'openclaw-runtime-deps-install', private: true, dependencies }
  await writeFile(join(directory, 'package.json'), JSON.stringify(manifest))
}

const TELEMETRY = 'diagnostics-otel'

/** The ids of its plugins. */
async function pluginsOf(directory: string): Promise<readonly string[]> {
  const plugins = join(directory, 'node_modules/openclaw/dist/extensions')
  const files = (await readdir(plugins)).map((plugin) => join(plugins, plugin, 'openclaw.plugin.json'))
  const manifests = await Promise.all(files.filter(existsSync).map((file) => readFile(file, 'utf8')))
  return manifests.map((manifest) => (JSON.parse(manifest) as { readonly id: string }).id)
}

const MESSAGE = { sessionKey: 'main', message: TASK, idempotencyKey: 'message-1' }

/** The last version that brings its plugin for OpenTelemetry along. */
const openClaw: CodingAgent = {
  name: 'OpenClaw',
  package: 'openclaw',
  version: '2026.4.29',
  program: 'node_modules/openclaw/openclaw.mjs',
  args: ['gateway', 'run'],
  ask: ['gateway', 'call', 'chat.send', '--timeout', '60000', '--params', JSON.stringify(MESSAGE)],
  identity: 'openclaw',
  call: { action: 'read', target: '' },
  async setUp({ directory, home, work, modelUrl, otlpUrl, token }) {
    await takeAsInstalled(directory)
    // Keeps its compiled modules from one run to the next.
    const compiled = join(directory, 'tmp')
    await mkdir(compiled, { recursive: true })
    // A turn takes half the time where the other plugins are denied.
    const deny = (await pluginsOf(directory)).filter((plugin) => plugin !== TELEMETRY)
    const port = await freePort()
    const model = { id: 'stand-in', name: 'stand-in', input: ['text'], contextWindow: 128_000, maxTokens: 8_192 }
    const local = { baseUrl: `${modelUrl}/v1`, apiKey: 'none', api: 'openai-completions', models: [model] }
    const otel = { endpoint: otlpUrl, headers: { Authorization: `Bearer ${token}` }, serviceName: 'openclaw' }
    const settings = {
      gateway: { mode: 'local', bind: 'loopback', port, auth: { mode: 'token', token: 'none' } },
      plugins: {
        allow: [TELEMETRY],
        deny,
        slots: { memory: 'none' },
        entries: { [TELEMETRY]: { enabled: true } },
      },
      models: { mode: 'replace', providers: { local } },
      agents: { defaults: { model: { primary: 'local/stand-in' }, workspace: work, skipBootstrap: true } },
      logging: { file: join(home, 'openclaw.log') },
      diagnostics: {
        enabled: true,
        otel: { ...otel, enabled: true, traces: true, metrics: false, logs: false, captureContent: true },
      },
    }
    await mkdir(join(home, '.openclaw'))
    await writeFile(join(home, '.openclaw/openclaw.json'), JSON.stringify(settings), { mode: 0o600 })
    return {
      // The folder of the installation, whose name begins with "openclaw-", is looked for in this one.
      variables: { OPENCLAW_PLUGIN_STAGE_DIR: join(directory, '..'), OPENCLAW_NO_RESPAWN: '1', TMPDIR: compiled },
      healthUrl: `http://127.0.0.1:${port}/healthz`,
    }
  },
}

export const CODING_AGENTS: readonly CodingAgent[] = [codex, gemini, openClaw]
