/**
 * A stand-in of the models of coding agents: whatever it is asked, it has one file read and then says that it is done. It speaks the
 * parts of OpenAI's Responses API, of its Chat Completions API and of the Gemini API that Codex CLI, OpenClaw and Gemini CLI use.
 */
import { once } from 'node:events'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

/** The file that the agent is made to read, in the directory that it works in. */
export const NOTES = 'notes.txt'
const DONE = 'It was read.'

function stream(response: ServerResponse, events: readonly object[]): void {
  response.setHeader('content-type', 'text/event-stream')
  for (const event of events) {
    const type = 'type' in event ? `event: ${String(event.type)}\n` : ''
    response.write(`${type}data: ${JSON.stringify(event)}\n\n`)
  }
  response.end()
}

/** Codex: a call of its shell until the answer of one stands in the input. */
function answerCodex(response: ServerResponse, asked: string): void {
  const { input } = JSON.parse(asked) as { input: readonly { readonly type?: string }[] }
  const isDone = input.some(({ type }) => type === 'function_call_output')
  const item = isDone
    ? { type: 'message', role: 'assistant', id: 'message-1', content: [{ type: 'output_text', text: DONE }] }
    : {
        type: 'function_call',
        id: 'item-1',
        call_id: 'call_1',
        name: 'exec_command',
        arguments: JSON.stringify({ cmd: `cat ${NOTES}` }),
      }
  const id = isDone ? 'response-2' : 'response-1'
  const usage = { input_tokens: 10, output_tokens: 5, total_tokens: 15 }
  stream(response, [
    { type: 'response.created', response: { id } },
    { type: 'response.output_item.done', item },
    { type: 'response.completed', response: { id, usage } },
  ])
}

/** Gemini CLI: a call of its reader of files until the answer of one stands in the contents. */
function answerGemini(response: ServerResponse, asked: string): void {
  const isDone = asked.includes('"functionResponse"')
  const parts = isDone ? [{ text: DONE }] : [{ functionCall: { name: 'read_file', args: { file_path: NOTES } } }]
  const usageMetadata = { promptTokenCount: 10, candidatesTokenCount: 5, totalTokenCount: 15 }
  stream(response, [
    { candidates: [{ content: { role: 'model', parts }, finishReason: 'STOP', index: 0 }], usageMetadata },
  ])
}

/** OpenClaw: a call of its reader of files until the answer of one stands in the messages. */
function answerOpenClaw(response: ServerResponse, asked: string): void {
  const { messages } = JSON.parse(asked) as { messages: readonly { readonly role?: string }[] }
  const isDone = messages.some(({ role }) => role === 'tool')
  const call = { name: 'read', arguments: JSON.stringify({ path: NOTES }) }
  const delta = isDone
    ? { role: 'assistant', content: DONE }
    : { role: 'assistant', content: null, tool_calls: [{ index: 0, id: 'call_1', type: 'function', function: call }] }
  const usage = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 }
  const chunk = { id: 'completion-1', object: 'chat.completion.chunk', created: 1, model: 'stand-in' }
  stream(response, [
    { ...chunk, choices: [{ index: 0, delta, finish_reason: null }] },
    { ...chunk, choices: [{ index: 0, delta: {}, finish_reason: isDone ? 'stop' : 'tool_calls' }], usage },
  ])
}

async function answer(path: string, asked: string, response: ServerResponse): Promise<void> {
  if (path.endsWith('/responses')) answerCodex(response, asked)
  else if (path.endsWith('/chat/completions')) answerOpenClaw(response, asked)
  else if (path.includes(':streamGenerateContent')) answerGemini(response, asked)
  else response.setHeader('content-type', 'application/json').end('{"data":[],"models":[],"totalTokens":10}')
}

/** Starts it on a free port of loopback. */
export async function startModel(): Promise<{ readonly url: string; readonly server: Server }> {
  const server = createServer((request, response) => {
    void text(request)
      .then((asked) => answer(request.url ?? '', asked, response))
      .catch(() => response.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server }
}
