/**
 * A member that stands still for longer than its session: others take its partitions over, and when it goes on, its first
 * heartbeat tells it that they are lost, before it does anything that others would see. Then it joins again.
 */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { freshName, record, recordTopics, until } from '../../conformance/log-support.ts'
import { withKafka } from '../../support/kafka.ts'
import { kafkaTopic, openKafkaLog } from '../../support/kafka-log.ts'

const TEST_MS_MAX = 180_000
/** The shortest that brokers allow by default. */
const SESSION_MS = 6_000

interface Said {
  readonly what: string
  readonly partition: number
  readonly at: number
}

function startMember(...args: string[]) {
  const file = fileURLToPath(new URL('./member.ts', import.meta.url))
  const child = spawn(process.execPath, [file, ...args], { stdio: ['pipe', 'pipe', 'inherit'] })
  const said: Said[] = []
  createInterface({ input: child.stdout }).on('line', (line) => said.push(JSON.parse(line) as Said))
  const ended = new Promise((resolve) => child.once('exit', resolve))
  return {
    said,
    signal: (name: 'SIGSTOP' | 'SIGCONT') => child.kill(name),
    async end() {
      child.kill('SIGKILL')
      await ended
    },
  }
}

await withKafka({ brokers: 1 }, (kafka) => {
  describe('a member that stands still', () => {
    it(
      'loses its partitions, hears of it before it acts, and comes back',
      async () => {
        const log = await openKafkaLog(kafka(), { sessionMs: SESSION_MS })
        const spec = kafkaTopic({ partitions: 2 })
        await log.ensureTopics([spec])
        const group = freshName('group')
        const member = startMember(kafka().bootstrap.join(','), spec.name, group, String(SESSION_MS))
        let isOver = false
        const appends = (async () => {
          for (let i = 0; !isOver; i++) {
            await log.append(spec.name, i % 2, [record(`${i}`)])
            await new Promise((resolve) => setTimeout(resolve, 10))
          }
        })()
        try {
          const applied = (): Said[] => member.said.filter(({ what }) => what === 'applied')
          await until(() => new Set(applied().map(({ partition }) => partition)).size === 2)
          const other = await recordTopics(log, [spec.name], { group, from: 'latest' })
          await until(() => other.consumer.owned().length === 1 && member.said.some(({ what }) => what === 'stop'))
          const before = applied().length
          await until(() => applied().length > before)
          member.signal('SIGSTOP')
          await until(() => other.consumer.owned().length === 2)
          const resumedAt = Date.now()
          member.signal('SIGCONT')
          const after = (): Said[] => member.said.filter(({ at }) => at >= resumedAt)
          await until(() => after().some(({ what }) => what === 'applied'))
          // It was told, it stopped, it was given a partition again, and only then did it act.
          const first = after().slice(
            0,
            after().findIndex(({ what }) => what === 'applied'),
          )
          expect(first.map(({ what }) => what)).toEqual(['lease_lost', 'stop', 'start'])
          expect(member.said.filter(({ what }) => what.startsWith('stopped'))).toEqual([])
          expect(other.stopped).toEqual([])
        } finally {
          isOver = true
          await member.end()
          await appends
          await log.close()
        }
      },
      TEST_MS_MAX,
    )
  })
})
