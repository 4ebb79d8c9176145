/** Every route under /v1, one line for each noun. Their order is that of the documents. */
import { auditRoutes } from './routes/audit.ts'
import { commandRoutes } from './routes/commands.ts'
import { coverageRoutes } from './routes/coverage.ts'
import { deadLetterRoutes } from './routes/dead-letters.ts'
import { deliveryRoutes } from './routes/deliveries.ts'
import { eventRoutes } from './routes/events.ts'
import { findingRoutes } from './routes/findings.ts'
import { identityRoutes } from './routes/identities.ts'
import { incidentRoutes } from './routes/incidents.ts'
import { openApiRoutes } from './routes/openapi.ts'
import { overviewRoutes } from './routes/overview.ts'
import { policyRoutes } from './routes/policy.ts'
import { quarantineRoutes } from './routes/quarantines.ts'
import { sinkRoutes } from './routes/sinks.ts'
import { suppressionRoutes } from './routes/suppressions.ts'
import { tokenRoutes } from './routes/tokens.ts'
import { thingRoutes } from './routes/things.ts'
import type { Route } from './route.ts'

export const ROUTES: readonly Route[] = [
  ...overviewRoutes,
  ...findingRoutes,
  ...incidentRoutes,
  ...eventRoutes,
  ...identityRoutes,
  ...coverageRoutes,
  ...thingRoutes,
  ...quarantineRoutes,
  ...policyRoutes,
  ...suppressionRoutes,
  ...deliveryRoutes,
  ...sinkRoutes,
  ...deadLetterRoutes,
  ...commandRoutes,
  ...tokenRoutes,
  ...auditRoutes,
  ...openApiRoutes,
]
