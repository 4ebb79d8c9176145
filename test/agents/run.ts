/**
 * Real coding agents, from npm, work on one task against a stand-in of their model, and send their telemetry to a real service. Prints
 * what the service made of it; ends with 1 where that is not exactly one request of the user and one call, with its target and its end.
 *
 *   npm run -s coding-agents
 *   npm run -s coding-agents -- --only OpenClaw
 *
 * The packages (some 950 MB) are installed once into the user's cache, without their scripts.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { toolOptions } from '../../scripts/tool-options.ts'
import { planService, type RunningService, startService, TOKEN, until } from '../support/service.ts'
import { CODING_AGENTS, type CodingAgent } from './agents.ts'
import { NOTES, startModel } from './model.ts'

const PROGRAM_MS_MAX = 600_000

interface Told {
  readonly action: string
  readonly kind: string
  /** Left out where it is empty. */
  readonly target?: string
  readonly outcome: string
}

/** Where the agent is installed; installs it if it is not. */
async function installed(agent: CodingAgent): Promise<string> {
  const caches = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache')
  const directory = join(caches, 'moltwatch/coding-agents', `${agent.package.replace('/', '-')}-${agent.version}`)
  if (existsSync(join(directory, agent.program))) return directory
  await mkdir(directory, { recursive: true })
  const args = ['install', '--prefix', directory, '--ignore-scripts', '--no-audit', '--no-fund']
  await promisify(execFile)('npm', [...args, `${agent.package}@${agent.version}`], { cwd: directory })
  return directory
}

interface Started {
  readonly child: ChildProcess
  /** Settles once it has ended; throws with what it said where it failed by itself. */
  readonly ended: Promise<void>
}

function start(agent: CodingAgent, args: readonly string[], cwd: string, env: NodeJS.ProcessEnv): Started {
  const child = spawn(process.execPath, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], timeout: PROGRAM_MS_MAX })
  const said = Promise.all([text(child.stdout), text(child.stderr)])
  const ended = once(child, 'exit').then(async ([code]: (number | null)[]) => {
    if (code !== 0) throw new Error(`${agent.name} ended with ${code}: ${(await said).join('').slice(-1_000)}`)
  })
  return { child, ended }
}

const isUp = (url: string): Promise<boolean> =>
  fetch(url).then(
    ({ ok }) => ok,
    () => false,
  )

/** Lets the agent do its task and answers the events of it. Throws with what it said where it fails. */
async function work(agent: CodingAgent, modelUrl: string, service: RunningService): Promise<readonly Told[]> {
  const installation = await installed(agent)
  const directory = await mkdtemp(join(tmpdir(), 'moltwatch-agent-'))
  const [home, place] = [join(directory, 'home'), join(directory, 'work')]
  try {
    for (const one of [home, place]) await mkdir(one)
    await writeFile(join(place, NOTES), 'buy milk\n')
    const otlpUrl = `http://127.0.0.1:${service.plan.otlpPort}`
    const setting = { directory: installation, home, work: place, modelUrl, otlpUrl, token: TOKEN }
    const { variables, healthUrl } = await agent.setUp(setting)
    const env = { PATH: process.env['PATH'], HOME: home, ...variables }
    const program = join(installation, agent.program)
    const { child, ended } = start(agent, [program, ...agent.args], place, env)
    if (agent.ask === undefined || healthUrl === undefined) {
      await ended
      return await eventsOf(service, agent)
    }
    try {
      const up = until(
        () => isUp(healthUrl),
        (is) => is,
        PROGRAM_MS_MAX,
      )
      await Promise.race([up, ended])
      await start(agent, [program, ...agent.ask], place, env).ended
      await Promise.race([eventsOf(service, agent), ended])
    } finally {
      child.kill('SIGTERM')
      await ended.catch(() => undefined)
    }
    // What it still had to send when it was stopped counts as well.
    return await eventsOf(service, agent)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

/** The events of an agent, once its call and the message of its user are among them. */
async function eventsOf(service: RunningService, { identity, call }: CodingAgent): Promise<readonly Told[]> {
  const url = `http://127.0.0.1:${service.plan.port}/v1/events/export?identity=${identity}`
  return until(
    async () => {
      const answer = await fetch(url, { headers: { authorization: `Bearer ${TOKEN}` } })
      const lines = answer.ok ? (await answer.text()).split('\n') : []
      return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Told)
    },
    (all) => [call.action, 'user.message'].every((wanted) => all.some(({ action }) => action === wanted)),
    PROGRAM_MS_MAX,
  )
}

const { values } = toolOptions(import.meta.url, { options: { only: { type: 'string', multiple: true } } })
const asked = CODING_AGENTS.filter(({ name }) => values.only === undefined || values.only.includes(name))
if (asked.length === 0) throw new Error(`there are ${CODING_AGENTS.map(({ name }) => name).join(', ')}`)

const data = await mkdtemp(join(tmpdir(), 'moltwatch-agents-'))
const service = await startService(await planService(data))
const model = await startModel()
try {
  console.log('| agent | events | requests of the user | calls | target | outcome |\n|---|---|---|---|---|---|')
  for (const agent of asked) {
    const events = await work(agent, model.url, service)
    const prompts = events.filter(({ action }) => action === 'user.message')
    const calls = events.filter(({ kind }) => kind === 'tool' || kind === 'mcp' || kind === 'exec')
    const said = calls.map(({ target = '', outcome }) => `${target} | ${outcome}`).join(', ')
    console.log(`| ${agent.name} ${agent.version} | ${events.length} | ${prompts.length} | ${calls.length} | ${said} |`)
    const [call] = calls
    const isRight =
      call?.action === agent.call.action && (call.target ?? '') === agent.call.target && call.outcome === 'success'
    if (prompts.length !== 1 || calls.length !== 1 || !isRight) process.exitCode = 1
  }
} finally {
  model.server.close()
  await service.kill()
  await rm(data, { recursive: true, force: true })
}
