/**
 * Containers for tests, by testcontainers: whether a Docker engine can start an image here, and containers that keep their
 * ports on loopback over a kill and a new start. Ryuk, the helper of testcontainers, removes them when this process dies.
 */
import { setTimeout as wait } from 'node:timers/promises'
import {
  GenericContainer,
  getContainerRuntimeClient,
  getReaper,
  ImageName,
  type PortWithBinding,
  Wait,
  type WaitStrategy,
} from 'testcontainers'

const ENGINE_MS_MAX = 10_000
const IMAGE_MS_MAX = 300_000
const START_MS_MAX = 90_000
const LOG_LINES = 20

type Client = Awaited<ReturnType<typeof getContainerRuntimeClient>>
type Container = ReturnType<Client['container']['getById']>

/** The work, or an error that says what took too long. */
async function within<T>(msMax: number, what: string, work: Promise<T>): Promise<T> {
  const done = new AbortController()
  const late = wait(msMax, undefined, { signal: done.signal, ref: false }).then(() => {
    throw new Error(`${what} took longer than ${msMax / 1000} s`)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    done.abort()
    late.catch(() => undefined)
  }
}

async function prepare(client: Client, image: string): Promise<void> {
  const name = ImageName.fromString(image)
  await client.image.pull(name)
  if (!(await client.image.exists(name))) throw new Error('it was pulled and is not there')
  await getReaper(client)
}

export type Found = { readonly ok: true } | { readonly ok: false; readonly reason: string }

/** Whether this image can be started here, and if not why. Pulls it where it is missing. */
export async function findImage(image: string): Promise<Found> {
  let client: Client
  try {
    client = await within(ENGINE_MS_MAX, 'asking the Docker engine', getContainerRuntimeClient())
  } catch {
    return { ok: false, reason: 'no Docker engine answers' }
  }
  const { host } = client.info.containerRuntime
  if (host !== 'localhost' && host !== '127.0.0.1') {
    const reason = `the Docker engine has its ports at ${host}, and tests need them on loopback; TESTCONTAINERS_HOST_OVERRIDE=127.0.0.1 says that they are there`
    return { ok: false, reason }
  }
  try {
    await within(IMAGE_MS_MAX, `pulling ${image}`, prepare(client, image))
    return { ok: true }
  } catch (error) {
    return { ok: false, reason: `the image ${image} cannot be had: ${(error as Error).message.trim()}` }
  }
}

/** Publishes its ports on loopback only: what runs in it asks nobody for a password. */
class LoopbackContainer extends GenericContainer {
  protected override async beforeContainerCreated(): Promise<void> {
    for (const bindings of Object.values(this.hostConfig.PortBindings as Record<string, { HostIp?: string }[]>)) {
      for (const binding of bindings) binding.HostIp = '127.0.0.1'
    }
  }
}

export interface ContainerPlan {
  readonly image: string
  /** Of the container and of this machine; the latter must be free, and stays the same over a new start. */
  readonly port: PortWithBinding
  /** Whether what runs in it takes requests. */
  readonly isReady: () => Promise<boolean>
  /** What else it is made of: environment, command, files, network. */
  readonly shape: (container: GenericContainer) => GenericContainer
}

export interface LastingContainer {
  /** Goes on where it stands still; starts again, with the same files, where it has ended. Resolves when it is ready. */
  start(): Promise<void>
  /** SIGTERM, and SIGKILL where it has not ended after that many seconds. */
  stop(secondsMax: number): Promise<void>
  /** SIGKILL. */
  kill(): Promise<void>
  pause(): Promise<void>
  /** Ends it at once and removes it with its volumes. */
  remove(): Promise<void>
}

async function lastWords(container: Container): Promise<string> {
  // Without a terminal, each piece of the output follows a header of 8 bytes, of which the first tells the stream.
  const output = await container.logs({ stdout: true, stderr: true, tail: LOG_LINES })
  return output.toString('utf8').replaceAll(/[\u0001\u0002]\0{3}[\s\S]{4}/g, '')
}

async function untilReady(container: Container, { image, isReady }: ContainerPlan): Promise<void> {
  for (let waited = 0; !(await isReady()); waited += 100) {
    const { State: state } = await container.inspect()
    if (!state.Running || waited > START_MS_MAX) {
      throw new Error(`the container of ${image} did not become ready. Its last words:\n${await lastWords(container)}`)
    }
    await wait(100)
  }
}

const waitingFor = (plan: ContainerPlan): WaitStrategy => ({
  waitUntilReady: (container) => untilReady(container, plan),
  withStartupTimeout: () => waitingFor(plan),
  isStartupTimeoutSet: () => true,
  getStartupTimeout: () => START_MS_MAX,
})

/** Starts a container and resolves when it is ready. Throws an Error with its last words where it does not become so. */
export async function startContainer(plan: ContainerPlan): Promise<LastingContainer> {
  const shaped = plan.shape(new LoopbackContainer(plan.image))
  const first = await shaped.withExposedPorts(plan.port).withWaitStrategy(waitingFor(plan)).start()
  const container = (await getContainerRuntimeClient()).container.getById(first.getId())
  const state = async () => (await container.inspect()).State
  return {
    async start() {
      const { Running: isRunning, Paused: isPaused } = await state()
      if (isPaused) return container.unpause()
      if (!isRunning) await container.start()
      await untilReady(container, plan)
    },
    async stop(secondsMax) {
      if ((await state()).Running) await container.stop({ t: secondsMax })
    },
    async kill() {
      if ((await state()).Running) await container.kill({ signal: 'SIGKILL' })
      await container.wait({ condition: 'not-running' })
    },
    async pause() {
      await container.pause()
    },
    async remove() {
      await container.remove({ force: true, v: true })
    },
  }
}

/** Runs commands in a container of the image for as long as `work` takes, for tools that this machine may lack. */
export async function withTools<T>(
  image: string,
  work: (run: (command: readonly string[]) => Promise<string>) => Promise<T>,
): Promise<T> {
  const container = await new GenericContainer(image)
    .withCommand(['sleep', 'infinity'])
    .withWaitStrategy(Wait.forSuccessfulCommand('true'))
    .start()
  try {
    return await work(async (command) => {
      const { exitCode, stdout, output } = await container.exec([...command])
      if (exitCode !== 0) throw new Error(`${command[0]} ended with ${exitCode} in ${image}: ${output.trim()}`)
      return stdout
    })
  } finally {
    await container.stop({ timeout: 0 })
  }
}
