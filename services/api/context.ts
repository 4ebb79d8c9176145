/**
 * What a route may use: the warehouse as its tenant sees it, the responder's views, and commands that carry the tenant
 * and the name of the token. Whatever a request says of tenants is not asked.
 */
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyBaseLogger, FastifyInstance, FastifyRequest, RawServerDefault } from 'fastify'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Command } from '../../schemas/command.ts'
import type { ResponderViews } from '../lib/quarantine-view.ts'
import type { TenantDoor } from './query.ts'

/** A command without what the API itself puts in. */
type Wish<C> = C extends Command ? Omit<C, 'id' | 'tenant' | 'by' | 'time'> : never

export interface RouteContext {
  door(request: FastifyRequest): TenantDoor
  tenant(request: FastifyRequest): string
  readonly views: ResponderViews
  /** Sends a command as the tenant and the token of the request; gives its id. Throws Answer and LogError. */
  command(request: FastifyRequest, wish: Wish<Command> | Readonly<Record<string, unknown>>): Promise<string>
}

export type Routes = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>
