/** `/v1/sinks`: where findings, orders and notices go, and whether they are taken there. */
import { SinkView } from '../../../schemas/sink.ts'
import { PageAnswer } from '../answers.ts'
import { defineRoute, type Route } from '../route.ts'

export const sinkRoutes: readonly Route[] = [
  defineRoute({
    method: 'GET',
    path: '/sinks',
    right: 'read',
    about: "Sinks that tell this tenant's people, with what ails each. Those of every tenant are among them.",
    answer: PageAnswer(SinkView),
    async handle({ views, grant }) {
      return { items: await views.sinks(grant.tenant), next_cursor: null }
    },
  }),
]
