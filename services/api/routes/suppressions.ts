/**
 * `/v1/suppressions`: what people want to hear no more, up to an end. They are read from the responder's memory, so they
 * answer while the warehouse is away.
 */
import Type from 'typebox'
import { Suppression, SUPPRESSION_SCOPE_PROPERTIES } from '../../../schemas/suppression.ts'
import { OrderAnswer } from '../answers.ts'
import { HASH, REASON, word } from '../parameters.ts'
import { defineRoute, type Route } from '../route.ts'
import { heldSubject } from '../search/recall.ts'
import { viewedRoutes } from '../viewed.ts'

export const suppressionRoutes: readonly Route[] = [
  ...viewedRoutes({
    list: 'suppressions',
    singular: 'suppression',
    about: 'Suppressions that are in force, newest first, with who made them and why.',
    item: Suppression,
    filters: { detector: word('Detector id'), agent: word('Identity'), by: word('Name of the token') },
    subject: heldSubject('suppressions', Suppression, { time: 'time', facets: ['detector', 'agent', 'by'] }),
  }),
  defineRoute({
    method: 'POST',
    path: '/suppressions',
    right: 'triage',
    about:
      'Turns findings of a scope to shadow up to an end; the command id names the suppression. Every sink of the tenant is told. Only an admin may suppress every finding.',
    body: Type.Object(
      {
        ...SUPPRESSION_SCOPE_PROPERTIES,
        until: Type.String({
          format: 'date-time',
          description: 'Event time up to which it holds; at most a year ahead',
        }),
        reason: REASON,
      },
      { additionalProperties: false },
    ),
    status: 202,
    answer: OrderAnswer,
    example: {
      body: {
        detector: 'lateral/recon-burst',
        agent: 'nightly-scanner',
        until: '2027-01-31T09:00:00Z',
        reason: 'A scan that we ordered.',
      },
    },
    handle: async ({ body, command }) => ({ command_id: await command({ type: 'suppress', ...body }) }),
  }),
  defineRoute({
    method: 'DELETE',
    path: '/suppressions/:id',
    right: 'triage',
    about: 'Takes a suppression back: what is found from then on is told again.',
    params: Type.Object({ id: HASH }),
    query: Type.Object({ reason: REASON }, { additionalProperties: false }),
    status: 202,
    answer: OrderAnswer,
    example: { query: { reason: 'The scan is over.' } },
    handle: async ({ params: { id }, query, command }) => ({
      command_id: await command({ type: 'unsuppress', suppression_id: id, reason: query.reason }),
    }),
  }),
]
