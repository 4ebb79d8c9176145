/**
 * What to paste so that the first agent is seen. The lines read the token from the environment. People who may make
 * tokens can have one made, which the lines then show once.
 */
import { useState } from 'preact/hooks'
import { Card, Trouble } from './basics.tsx'
import { makeToken } from './tokens.tsx'

/** Where OTLP is taken: the port that this page came through takes it, too, also behind a proxy, whatever the second port is. */
const otlp = (): string => location.origin

/** Kinds of agents with the lines to paste; `token` is inserted as given. */
const senders = (token: string): readonly (readonly [string, string])[] => [
  [
    'OpenTelemetry SDK',
    `export OTEL_EXPORTER_OTLP_ENDPOINT=${otlp()}
export OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf
export OTEL_EXPORTER_OTLP_HEADERS="Authorization=Bearer ${token}"
export OTEL_SERVICE_NAME=name-of-the-agent
export OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=true
export OTEL_METRICS_EXPORTER=none`,
  ],
  [
    'Claude Code',
    `export CLAUDE_CODE_ENABLE_TELEMETRY=1
export OTEL_LOGS_EXPORTER=otlp
export OTEL_LOG_TOOL_DETAILS=1
export OTEL_LOG_USER_PROMPTS=1
export OTEL_EXPORTER_OTLP_ENDPOINT=${otlp()}
export OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf
export OTEL_EXPORTER_OTLP_HEADERS="Authorization=Bearer ${token}"`,
  ],
  [
    'Codex',
    `# ~/.codex/config.toml
[otel]
log_user_prompt = true
exporter = { otlp-http = { endpoint = "${otlp()}/v1/logs", protocol = "binary", headers = { Authorization = "Bearer ${token === VARIABLE ? 'TOKEN' : token}" } } }`,
  ],
  [
    'Gemini CLI',
    `export GEMINI_TELEMETRY_ENABLED=true
export GEMINI_TELEMETRY_TARGET=local
export GEMINI_TELEMETRY_USE_COLLECTOR=true
export GEMINI_TELEMETRY_OTLP_PROTOCOL=http
export GEMINI_TELEMETRY_OTLP_ENDPOINT=${otlp()}
export OTEL_EXPORTER_OTLP_HEADERS="Authorization=Bearer ${token}"`,
  ],
  [
    'CloudTrail',
    `curl --fail --header "Authorization: Bearer ${token}" --header 'Content-Encoding: gzip' \\
  --header 'Content-Type: application/json' --data-binary @trail.json.gz ${location.origin}/v1/cloudtrail`,
  ],
]

const VARIABLE = '$MOLTWATCH_TOKEN'

/** `sender-20261128-140322`: shows when it was made, and is free. */
const newName = (): string =>
  `sender-${new Date().toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-')}`

export function Connect() {
  const [token, setToken] = useState<string>()
  const [error, setError] = useState<Error>()
  const [chosen, choose] = useState(0)
  const all = senders(token ?? VARIABLE)
  const [name, lines] = all[chosen] as readonly [string, string]
  const make = (): void => {
    setError(undefined)
    makeToken(newName(), 'ingest', undefined, 'Made by the console to connect an agent.')
      .then((made) => setToken(made.token))
      .catch((fault: unknown) => setError(fault as Error))
  }
  return (
    <Card title="Connect an agent">
      <div class="acts" role="group" aria-label="Kind of agent">
        {all.map(([title], at) => (
          <button
            key={title}
            type="button"
            aria-pressed={at === chosen}
            class={at === chosen ? 'primary' : ''}
            onClick={() => choose(at)}
          >
            {title}
          </button>
        ))}
      </div>
      <pre aria-label={name}>{lines}</pre>
      {error === undefined ? null : <Trouble error={error} />}
      {token === undefined ? (
        <p>
          <button type="button" onClick={make}>
            Put a new token into the lines
          </button>{' '}
          <span class="faint">
            It may only send events. Without it, put a token with the role <code>ingest</code> into{' '}
            <code>MOLTWATCH_TOKEN</code>.
          </span>
        </p>
      ) : (
        <p class="faint" role="status">
          The token in the lines is told this once: copy them now. Settings lists it, and ends it.
        </p>
      )}
      <p class="faint">If the collector runs as a process of its own, put its address in the place of this one.</p>
      <p class="faint">
        To see it find something first: <code>npm run -s moltwatch -- demo</code>
      </p>
    </Card>
  )
}
