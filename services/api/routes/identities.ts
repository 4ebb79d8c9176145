/** `/v1/identities`: who acts here, and what is known of one. */
import Type from 'typebox'
import { LIMITS } from '../../../schemas/limits.ts'
import type { RouteContext, Routes } from '../context.ts'
import { notFound } from '../errors.ts'
import { listQuery, pageOf } from '../parameters.ts'
import { identityInFull, listIdentities } from '../questions/identities.ts'

const Query = listQuery({})
const One = Type.Object({ identity: Type.String({ maxLength: LIMITS.name_chars_max }) })

export function identityRoutes(routes: Routes, context: RouteContext): void {
  routes.get('/identities', { schema: { querystring: Query } }, async (request) =>
    listIdentities(context.door(request), pageOf(request.query)),
  )

  routes.get('/identities/:identity', { schema: { params: One } }, async (request) => {
    const known = await identityInFull(context.door(request), request.params.identity)
    if (known === undefined) throw notFound(`nothing is known of the identity ${request.params.identity}`)
    return known
  })
}
