/** The lines that connect an agent, as a service prints them at its start: what a newcomer pastes, and nothing else. */
import { type RunningService, until } from './service.ts'

export async function printedLines(service: RunningService): Promise<readonly string[]> {
  const text = await until(
    async () => service.output(),
    (output) => output.includes('See it find something'),
  )
  return text.split('\n').filter((line) => line.startsWith('  export '))
}

/** The environment without what it may say of telemetry already. */
export const withoutTelemetry = (): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('OTEL_')))
