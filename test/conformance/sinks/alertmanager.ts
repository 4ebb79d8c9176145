/** Takes what the OpenAPI document of Alertmanager's API v2 says of postableAlerts, and nothing else. */
import { demand, onlyKeys, startHttpReceiver, type StartReceiver } from './receiver.ts'

interface Alert {
  readonly labels: Record<string, unknown>
  readonly annotations?: Record<string, unknown>
  readonly startsAt?: string
  readonly endsAt?: string
}

const RFC3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/

function checkNames(what: string, pairs: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(pairs)) {
    demand(/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name), `${what} has the name ${name}`)
    demand(typeof value === 'string' && value.isWellFormed(), `${what} ${name} is no text of whole characters`)
  }
}

export const startReceiver: StartReceiver = () =>
  startHttpReceiver(
    '',
    {},
    ({ headers, body, method, path }) => {
      demand(method === 'POST' && path === '/api/v2/alerts', `${method} ${path}`)
      demand(headers['content-type'] === 'application/json', 'not JSON')
      const alerts = JSON.parse(body) as Alert[]
      demand(alerts.length === 1, 'not one alert')
      const alert = alerts[0]!
      onlyKeys(alert, ['labels', 'annotations', 'startsAt', 'endsAt', 'generatorURL'])
      demand(typeof alert.labels['alertname'] === 'string', 'no alertname')
      checkNames('a label', alert.labels)
      checkNames('an annotation', alert.annotations ?? {})
      for (const value of Object.values(alert.labels)) demand(value !== '', 'an empty label is no label')
      for (const time of [alert.startsAt, alert.endsAt])
        demand(time === undefined || RFC3339.test(time), `time ${time}`)
      const act = alert.startsAt === undefined ? 'resolve' : 'trigger'
      return { text: body, key: String(alert.labels['subject']), act }
    },
    { status: 200, body: '' },
  )
