/** `/v1/openapi.json`: this API as an OpenAPI 3.1 document, for generators, fuzzers and people with a viewer. */
import Type from 'typebox'
import { openApi } from '../openapi.ts'
import { defineRoute, type Route } from '../route.ts'

export const openApiRoutes: readonly Route[] = [
  defineRoute({
    method: 'GET',
    path: '/openapi.json',
    right: 'read',
    about: 'This API as an OpenAPI 3.1 document.',
    answer: Type.Object({ openapi: Type.String(), paths: Type.Record(Type.String(), Type.Unknown()) }),
    handle: async ({ routes }) => openApi(routes),
  }),
]
