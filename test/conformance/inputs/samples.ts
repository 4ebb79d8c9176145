/**
 * What the samples of an input are made of. Each input has a file of its own beside this one, `<input>.samples.ts`, found by
 * its name: requests as its clients send them.
 */
export interface InputRequest {
  readonly path: string
  readonly body: string | Uint8Array<ArrayBuffer>
  readonly headers: Readonly<Record<string, string>>
}

export interface InputSamples {
  /** Good requests, and the values that each holds. */
  readonly requests: readonly (InputRequest & { readonly records: readonly unknown[] })[]
  /** What it answers to good requests; 200 where it is absent. */
  readonly status?: number
  /** Good records and one bad one. */
  readonly mixed: InputRequest
  /** Nothing of these is a record. */
  readonly bad: readonly InputRequest[]
  /** Headers with which a client shows its token. */
  token(token: string): Readonly<Record<string, string>>
}

/** Records that every input can carry. */
export const EVENTS: readonly object[] = [
  { id: 'i1', time: '2026-03-01T12:00:00Z', identity: 'invoice-bot', action: 'read_file', target: '/inbox/7.txt' },
  { id: 'i2', time: '2026-03-01T12:00:01Z', identity: 'mail-bot', action: 'send_email', outcome: 'denied' },
]

export const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` })
export const JSON_TYPE = { 'content-type': 'application/json' } as const

export const samplesOf = async (input: string): Promise<InputSamples> =>
  ((await import(`./${input}.samples.ts`)) as { samples: InputSamples }).samples
