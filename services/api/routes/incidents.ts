/** `/v1/incidents`: findings that belong together, from the responder's memory. */
import { Incident } from '../../../schemas/incident.ts'
import { word } from '../parameters.ts'
import type { Route } from '../route.ts'
import { heldSubject } from '../search/recall.ts'
import { viewedRoutes } from '../viewed.ts'

export const incidentRoutes: readonly Route[] = viewedRoutes({
  list: 'incidents',
  singular: 'incident',
  about: 'Incidents, newest first. `since` and `until` go by the time of the newest finding.',
  item: Incident,
  filters: { agent: word('Identity'), severity: word('One or several with commas') },
  subject: heldSubject('incidents', Incident, {
    time: 'last_time',
    facets: ['severity', 'agent', 'owner', 'detectors', 'techniques'],
    aliases: { identity: 'agent', detector: 'detectors', technique: 'techniques', finding: 'finding_ids' },
  }),
})
