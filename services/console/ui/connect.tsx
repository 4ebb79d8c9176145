/** What to paste so that the first agent is seen. The token is never on a page: the lines read it from where it lies. */
import { useState } from 'preact/hooks'
import { Card } from './basics.tsx'

/** Where OTLP is taken: the service's second port on the same host. */
const otlp = (): string => `${location.protocol}//${location.hostname}:4318`

const senders = (): readonly (readonly [string, string])[] => [
  [
    'OpenTelemetry SDK',
    `export OTEL_EXPORTER_OTLP_ENDPOINT=${otlp()}
export OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf
export OTEL_EXPORTER_OTLP_HEADERS="Authorization=Bearer $MOLTWATCH_TOKEN"
export OTEL_SERVICE_NAME=name-of-the-agent
export OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=true`,
  ],
  [
    'Claude Code',
    `export CLAUDE_CODE_ENABLE_TELEMETRY=1
export OTEL_LOGS_EXPORTER=otlp
export OTEL_LOG_TOOL_DETAILS=1
export OTEL_LOG_USER_PROMPTS=1
export OTEL_EXPORTER_OTLP_ENDPOINT=${otlp()}
export OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf
export OTEL_EXPORTER_OTLP_HEADERS="Authorization=Bearer $MOLTWATCH_TOKEN"`,
  ],
  [
    'Codex',
    `# ~/.codex/config.toml
[otel]
log_user_prompt = true
exporter = { otlp-http = { endpoint = "${otlp()}/v1/logs", protocol = "binary", headers = { Authorization = "Bearer TOKEN" } } }`,
  ],
  [
    'Gemini CLI',
    `export GEMINI_TELEMETRY_ENABLED=true
export GEMINI_TELEMETRY_TARGET=local
export GEMINI_TELEMETRY_USE_COLLECTOR=true
export GEMINI_TELEMETRY_OTLP_PROTOCOL=http
export GEMINI_TELEMETRY_OTLP_ENDPOINT=${otlp()}
export OTEL_EXPORTER_OTLP_HEADERS="Authorization=Bearer $MOLTWATCH_TOKEN"`,
  ],
  [
    'CloudTrail',
    `curl --fail --header "Authorization: Bearer $MOLTWATCH_TOKEN" --header 'Content-Encoding: gzip' \\
  --header 'Content-Type: application/json' --data-binary @trail.json.gz ${location.origin}/v1/cloudtrail`,
  ],
]

export function Connect() {
  const all = senders()
  const [chosen, choose] = useState(0)
  const [name, lines] = all[chosen] as readonly [string, string]
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
      <p class="faint">
        Put a token with the role <code>ingest</code> into <code>MOLTWATCH_TOKEN</code>: the configuration file names
        tokens. To see it find something first: <code>npm run -s moltwatch -- demo</code>
      </p>
    </Card>
  )
}
