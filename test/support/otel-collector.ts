/**
 * The OpenTelemetry Collector as tests run it: OTLP comes in over HTTP and goes out through the given exporters. It is built from its
 * Go modules by `npm run build:otel-collector`, once for all checkouts of a user, because that takes minutes; where it has not been
 * built, tests say so and leave it out.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort, until } from './service.ts'

const MODULES = join(import.meta.dirname, '../../infra/local/otel-collector/go.mod')

type Exporters = Readonly<Record<string, object>>

export interface Collector {
  /** Where it takes OTLP. */
  readonly url: string
  readonly port: number
  /** The sum of one of its own counters, as `otelcol_exporter_sent_spans`. */
  counter(name: string): Promise<number>
  stop(): Promise<void>
}

/** Whether it has been built, at which version, and where it lies. */
export function findCollector():
  | { readonly ok: true; readonly version: string; readonly path: string }
  | { readonly ok: false; readonly reason: string } {
  const version = /collector\/otelcol v(\S+)/.exec(readFileSync(MODULES, 'utf8'))?.[1] ?? ''
  const caches = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache')
  const path = join(caches, 'moltwatch/otel-collector', version, 'otelcol')
  if (existsSync(path)) return { ok: true, version, path }
  const reason = `the OpenTelemetry Collector ${version} has not been built: npm run build:otel-collector does it, with Go`
  return { ok: false, reason }
}

function configOf(receiver: number, metrics: number, exporters: Exporters): object {
  const pipeline = { receivers: ['otlp'], exporters: Object.keys(exporters) }
  const prometheus = { host: '127.0.0.1', port: metrics }
  return {
    receivers: { otlp: { protocols: { http: { endpoint: `127.0.0.1:${receiver}` } } } },
    exporters,
    service: {
      telemetry: { metrics: { level: 'normal', readers: [{ pull: { exporter: { prometheus } } }] } },
      pipelines: { logs: pipeline, traces: pipeline },
    },
  }
}

/** Starts it and resolves when it takes OTLP. Throws where it ends before. */
export async function startCollector(exporters: Exporters): Promise<Collector> {
  const found = findCollector()
  if (!found.ok) throw new Error(found.reason)
  const directory = await mkdtemp(join(tmpdir(), 'moltwatch-otelcol-'))
  const [port, metrics, config] = [await freePort(), await freePort(), join(directory, 'config.yaml')]
  await writeFile(config, JSON.stringify(configOf(port, metrics, exporters)))
  const child = spawn(found.path, ['--config', `file:${config}`], { stdio: ['ignore', 'ignore', 'pipe'] })
  const gone = once(child, 'exit')
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-2_000)))
  const url = `http://127.0.0.1:${port}`
  const isUp = (): Promise<boolean> =>
    fetch(url).then(
      () => true,
      () => false,
    )
  await until(isUp, (up) => {
    if (child.exitCode !== null) throw new Error(`the Collector ended with ${child.exitCode}: ${said}`)
    return up
  })
  return {
    url,
    port,
    async counter(name) {
      const answer = await fetch(`http://127.0.0.1:${metrics}/metrics`)
      const lines = (await answer.text()).split('\n').filter((line) => line.startsWith(name))
      return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0)
    },
    async stop() {
      child.kill('SIGTERM')
      await gone
      await rm(directory, { recursive: true, force: true })
    },
  }
}
