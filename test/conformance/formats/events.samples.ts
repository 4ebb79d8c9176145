/** Samples of canonical events. */
import { type FormatSamples, flatWithTime, listOf } from './samples.ts'

const EVENTS_REQUESTS: readonly unknown[] = [
  [
    {
      id: 'e-1',
      identity: 'invoice-bot',
      action: 'send_email',
      time: '2026-03-01T12:00:00Z',
      session: 's-1',
      arguments: { to: 'a@example.com', body: 'hello' },
      result: 'sent',
    },
    { id: 'e-2', agent: 'invoice-bot', message: 'Pay invoice 7.', time: '2026-03-01T12:00:01Z' },
    {
      id: 'e-3',
      identity: 'deployer',
      action: 'ssh',
      kind: 'exec',
      activity: 'other',
      target: 'ssh root@10.1.2.3',
      time: '2026-03-01T12:00:02Z',
      source_address: '2001:db8::1',
      credential: 'key-7',
      outcome: 'denied',
      peer: 'https://files.example.com/x',
      on_behalf_of: ['alice'],
      bytes_out: 12.5,
    },
  ],
  {
    identity: 'reader',
    action: 'get_page',
    time: '2026-03-01T12:00:03Z',
    arguments: '{"url": "https://www.example.com/a"}',
  },
]

export const samples: FormatSamples = {
  own: EVENTS_REQUESTS,
  recorded: [],
  split: listOf,
  withTime: flatWithTime('time', listOf),
}
