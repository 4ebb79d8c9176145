/** `/v1/deliveries`: what was told to which sink, from the responder's memory. */
import Type from 'typebox'
import { Delivery } from '../../../schemas/delivery.ts'
import { PageAnswer } from '../answers.ts'
import { notFound } from '../errors.ts'
import { ID, listQuery } from '../parameters.ts'
import { defineRoute, type Route } from '../route.ts'
import { viewed } from '../viewed.ts'

export const deliveryRoutes: readonly Route[] = [
  defineRoute({
    method: 'GET',
    path: '/deliveries',
    right: 'read',
    about: 'Deliveries to sinks, newest first, with what came of each.',
    query: listQuery({}),
    answer: PageAnswer(Delivery),
    handle: ({ query, grant, views }) => viewed(views.deliveries, grant.tenant, query),
  }),
  defineRoute({
    method: 'GET',
    path: '/deliveries/:id',
    right: 'read',
    about: 'One delivery.',
    params: Type.Object({ id: ID }),
    answer: Delivery,
    async handle({ params: { id }, grant, views }) {
      const delivery = await views.delivery(grant.tenant, id)
      if (delivery === undefined) throw notFound(`there is no delivery ${id}`)
      return delivery
    },
  }),
]
