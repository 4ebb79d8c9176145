/** Which fields of OTLP name what; `docs/formats.md` prints this table. */
import type { FormatNames } from '../format.ts'

export const NAMES: readonly FormatNames[] = [
  {
    records: 'tool call, tool result',
    producerId: 'identity, gen_ai.conversation.id, gen_ai.tool.call.id, event name, time',
    identity: 'gen_ai.agent.id, else gen_ai.agent.name, else service.name',
    instance: 'service.instance.id',
    owner: 'service.namespace, else service.name',
    session:
      'gen_ai.conversation.id, session.id, mcp.session.id or another usual name; else derived from the messages, else from the trace',
    credential: 'HMAC(k, SHA-256(secret)) of http.request.header.authorization or x-api-key',
  },
  {
    records: 'user message',
    producerId: 'identity, gen_ai.conversation.id, time, H(text)',
    identity: 'as above',
    instance: 'as above',
    owner: 'as above',
    session: 'as above',
    credential: 'as above',
  },
  {
    records: 'any other log record',
    producerId:
      'log.record.uid; else H(identity, session, record without observedTimeUnixNano), number of equals before it in the request',
    identity: 'as above',
    instance: 'as above',
    owner: 'as above',
    session: 'as above',
    credential: 'as above',
  },
  {
    records: 'span',
    producerId: 'trace id, span id, number of the act within the span',
    identity: 'as above, else that of the agent span above it in the request',
    instance: 'as above',
    owner: 'as above',
    session: 'as above, else that of the spans above it',
    credential: 'as above',
  },
]
