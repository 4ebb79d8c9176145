/** `/v1/incidents`: findings that belong together, from the responder's memory. */
import Type from 'typebox'
import { Incident } from '../../../schemas/incident.ts'
import { PageAnswer } from '../answers.ts'
import { notFound } from '../errors.ts'
import { ID, listQuery } from '../parameters.ts'
import { defineRoute, type Route } from '../route.ts'
import { viewed } from '../viewed.ts'

export const incidentRoutes: readonly Route[] = [
  defineRoute({
    method: 'GET',
    path: '/incidents',
    right: 'read',
    about: 'Incidents, newest first.',
    query: listQuery({}),
    answer: PageAnswer(Incident),
    handle: ({ query, grant, views }) => viewed(views.incidents, grant.tenant, query),
  }),
  defineRoute({
    method: 'GET',
    path: '/incidents/:id',
    right: 'read',
    about: 'One incident.',
    params: Type.Object({ id: ID }),
    answer: Incident,
    async handle({ params: { id }, grant, views }) {
      const incident = await views.incident(grant.tenant, id)
      if (incident === undefined) throw notFound(`there is no incident ${id}`)
      return incident
    },
  }),
]
