/** `/v1/peers`, `/v1/credentials`, `/v1/sources`: what identities use, and everybody who touched one of them. */
import Type from 'typebox'
import { LIMITS } from '../../../schemas/limits.ts'
import { PageAnswer, Times } from '../answers.ts'
import { notFound } from '../errors.ts'
import { listQuery, NAME, pageOf } from '../parameters.ts'
import { condition } from '../query.ts'
import { listThings, touchers } from '../questions/things.ts'
import { defineRoute, type Route } from '../route.ts'

/** Who touched something, as an answer. */
export const Touchers = Type.Array(
  Type.Object({ identity: Type.String(), owner: Type.String(), ...Times }, { $id: 'toucher' }),
  {
    description: 'The first ones first, at most 200',
  },
)

interface Kind {
  readonly list: string
  readonly singular: string
  readonly what: string
  readonly expression: string
  /** Holds for events with the value `{value:String}`. */
  readonly touches: string
}

function routesOf({ list, singular, what, expression, touches }: Kind): readonly Route[] {
  return [
    defineRoute({
      method: 'GET',
      path: `/${list}`,
      right: 'read',
      about: `${what} by name, each with how many identities used it and since when.`,
      query: listQuery(NAME),
      answer: PageAnswer(
        Type.Object({ [singular]: Type.String(), identities: Type.Integer({ description: 'Distinct' }), ...Times }),
      ),
      async handle({ query, reader }) {
        const { items, next_cursor } = await listThings(reader, { list, expression }, pageOf(query), query.name)
        return { items: items.map(({ value, ...rest }) => ({ [singular]: value, ...rest })), next_cursor }
      },
    }),
    defineRoute({
      method: 'GET',
      path: `/${list}/:${singular}`,
      right: 'read',
      about: `Everybody who used one ${singular}.`,
      params: Type.Object({ [singular]: Type.String({ minLength: 1, maxLength: LIMITS.name_chars_max }) }),
      answer: Type.Object({ [singular]: Type.String(), identities: Touchers }),
      async handle({ params, reader }) {
        const [value = ''] = Object.values(params)
        const identities = await touchers(reader, `${singular}_touchers`, [condition(touches, { value })])
        if (identities.length === 0) throw notFound(`nobody used the ${singular} ${value}`)
        return { [singular]: value, identities }
      },
    }),
  ]
}

export const thingRoutes: readonly Route[] = [
  {
    list: 'peers',
    singular: 'peer',
    what: 'Registrable domains and addresses that identities contact',
    expression: 'arrayJoin(peer_domains)',
    touches: 'has(peer_domains, {value:String}) OR lower(peer) = lower({value:String})',
  },
  {
    list: 'credentials',
    singular: 'credential',
    what: 'Credentials as the log names them',
    expression: 'credential',
    touches: 'credential = {value:String}',
  },
  {
    list: 'sources',
    singular: 'source',
    what: 'Addresses that identities come from',
    expression: 'source_address',
    touches: 'source_address = {value:String}',
  },
].flatMap(routesOf)
