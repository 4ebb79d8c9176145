/**
 * The ClickHouse of tests in a container of its official image: an empty one, on a port of loopback that it keeps over an
 * end and a new start. The user `default` needs no password, because only this machine can reach the port.
 */
import { freePorts } from '../../infra/local/free-ports.ts'
import type { StartedClickHouse } from './clickhouse.ts'
import { startContainer } from './containers.ts'
import { CLICKHOUSE_IMAGE } from './engines.ts'

const HTTP_PORT = 8123
const STOP_SECONDS_MAX = 10

export async function startClickHouseContainer(): Promise<StartedClickHouse> {
  const [port] = (await freePorts(1)) as [number]
  const url = `http://127.0.0.1:${port}`
  const isReady = (): Promise<boolean> =>
    fetch(`${url}/ping`).then(
      (answer) => answer.ok,
      () => false,
    )
  const container = await startContainer({
    image: CLICKHOUSE_IMAGE,
    port: { container: HTTP_PORT, host: port },
    isReady,
    shape: (plain) => plain.withEnvironment({ CLICKHOUSE_SKIP_USER_SETUP: '1' }),
  })
  return {
    url,
    pid: () => undefined,
    pause: () => container.stop(STOP_SECONDS_MAX),
    resume: () => container.start(),
    close: () => container.remove(),
  }
}
