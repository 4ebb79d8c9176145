/** Coding agents that are packages of npm under a free licence, and how each is set up with the lines of docs/senders.md. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

export interface Place {
  /** A directory of its own, as its home. */
  readonly home: string
  readonly modelUrl: string
  readonly otlpUrl: string
  readonly token: string
}

export interface CodingAgent {
  readonly name: string
  readonly package: string
  readonly version: string
  /** Its program, within the directory of its installation. */
  readonly program: string
  readonly args: readonly string[]
  /** How its events name it. */
  readonly identity: string
  /** The call that the stand-in of its model asks for. */
  readonly call: { readonly action: string; readonly target: string }
  /** Writes its settings; answers the variables that it is started with. */
  setUp(place: Place): Promise<Readonly<Record<string, string>>>
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
    return { CODEX_HOME: home, MODEL_KEY: 'none' }
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
    }
  },
}

export const CODING_AGENTS: readonly CodingAgent[] = [codex, gemini]
