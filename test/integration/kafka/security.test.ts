/** TLS and SASL: what may come in does, and what may not is told why in words. */
import { describe, expect, it } from 'vitest'
import { readTexts, record, recordTopics, until } from '../../conformance/log-support.ts'
import { withKafka } from '../../support/kafka.ts'
import { kafkaTopic, openKafkaLog } from '../../support/kafka-log.ts'

const users = { broker: 'broker-secret', moltwatch: 'moltwatch-secret' }

await withKafka({ brokers: 1, users }, (kafka) => {
  const tls = () => ({ ssl: { ca: kafka().authority! } })

  describe('with TLS and SASL', () => {
    it.each(['plain', 'scram-sha-256', 'scram-sha-512'] as const)(
      '%s lets a user append and consume',
      async (mechanism) => {
        const sasl = { mechanism, username: 'moltwatch', password: users.moltwatch }
        const log = await openKafkaLog(kafka(), { ...tls(), sasl })
        const spec = kafkaTopic()
        await log.ensureTopics([spec])
        const recording = await recordTopics(log, [spec.name])
        await log.append(spec.name, 0, [record('a')])
        await until(() => recording.texts(0).length === 1)
        expect(await readTexts(log, spec.name)).toEqual(['a'])
        await log.close()
      },
    )

    it('a wrong password is refused, and the password is not in the message', async () => {
      const sasl = { mechanism: 'plain', username: 'moltwatch', password: 'not-the-password' } as const
      const error = await openKafkaLog(kafka(), { ...tls(), sasl }).catch((thrown: unknown) => thrown as Error)
      expect(error).toMatchObject({ code: 'log_unavailable' })
      expect((error as Error).message).toMatch(/authentication failed/i)
      expect((error as Error).message).not.toContain('not-the-password')
    })

    it('a certificate of nobody that is trusted is refused', async () => {
      const sasl = { mechanism: 'plain', username: 'moltwatch', password: users.moltwatch } as const
      await expect(openKafkaLog(kafka(), { ssl: true, sasl })).rejects.toThrow(/certificate/)
    })

    it('a client without TLS is refused', async () => {
      await expect(openKafkaLog(kafka())).rejects.toMatchObject({ code: 'log_unavailable' })
    })
  })
})
