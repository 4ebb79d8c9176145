/** An open sink: renders each notice in the form of its type and sends it. */
import type { Notice } from '../../../schemas/notice.ts'
import type { Sink } from '../../lib/config.ts'
import { settingsOf } from '../../lib/config/sinks.ts'
import { sinkTypeOf } from './registry.ts'
import type { Channel, SinkTools } from './sink-type.ts'

export interface OpenSink extends Channel<Notice> {
  /** Whether it wants the words behind a finding. */
  readonly tellsWords: boolean
}

/** Opens the sink. The configuration has checked its settings. */
export function openSink(sink: Sink, tools: SinkTools): OpenSink {
  const type = sinkTypeOf(sink.type)
  if (type === undefined) throw new Error(`there is no type of sink ${sink.type}`)
  const settings = settingsOf(sink)
  const channel = type.open(settings, tools)
  return {
    tellsWords: type.tellsWords?.(settings) === true,
    async send(notice, sending) {
      let rendered: unknown
      try {
        rendered = type.render(notice, settings)
      } catch (error) {
        // Every attempt would fail the same way; the delivery reports it instead of ending the others.
        return { kind: 'failed', detail: `cannot be put into the form of ${sink.type}: ${(error as Error).message}` }
      }
      return channel.send(rendered, sending)
    },
    close: () => channel.close(),
    destroy: () => channel.destroy(),
  }
}
