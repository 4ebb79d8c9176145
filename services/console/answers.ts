/** What the API answers, under the names that the pages use. The types are made of its OpenAPI document. */
import type { Answer, PathOf } from './client.ts'

/** An item of a list. */
type ItemOf<P extends PathOf<'GET'>> = Answer<'GET', P> extends { readonly items: readonly (infer T)[] } ? T : never

export type AuditEntry = ItemOf<'/v1/audit'>
export type CommandOutcome = ItemOf<'/v1/commands'>
export type Coverage = ItemOf<'/v1/coverage'>
/** What the detectors can see of one identity, and what to send so that more see. */
export type CoverageInFull = Answer<'GET', '/v1/identities/{identity}/coverage'>
export type Delivery = ItemOf<'/v1/deliveries'>
export type DetectorLine = ItemOf<'/v1/detectors'>
export type Edge = Answer<'GET', '/v1/graph'>['edges'][number]
/** An event without its empty fields. */
export type EventRecord = ItemOf<'/v1/events'>
export type Facet = Answer<'GET', '/v1/events/facets'>['facets'][number]
export type Finding = ItemOf<'/v1/findings'>
export type FindingInFull = Answer<'GET', '/v1/findings/{id}'>
export type Severity = Finding['severity']
export type Health = Overview['health'][string]
export type Histogram = Answer<'GET', '/v1/events/histogram'>
/** What an identity does by hour of the week, now (the last seven days) against before; Monday first, in UTC. */
export type Hours = Answer<'GET', '/v1/identities/{identity}/hours'>
export type IdentityLine = ItemOf<'/v1/identities'>
export type IdentityInFull = Answer<'GET', '/v1/identities/{identity}'>
export type Incident = ItemOf<'/v1/incidents'>
export type IncidentInFull = Answer<'GET', '/v1/incidents/{id}'>
export type Overview = Answer<'GET', '/v1/overview'>
/** What an identity may do, beside what it did. */
export type Permissions = Answer<'GET', '/v1/identities/{identity}/permissions'>
export type PermissionsOfPart = Permissions['actions']
export type PeerLine = ItemOf<'/v1/peers'>
/** What is done about findings automatically. */
export type PolicyInForce = Answer<'GET', '/v1/policy'>
export type Quarantine = ItemOf<'/v1/quarantines'>
export type SinkView = ItemOf<'/v1/sinks'>
export type Suppression = ItemOf<'/v1/suppressions'>
export type Token = ItemOf<'/v1/tokens'>
/** An identity that used something. */
export type Toucher = Answer<'GET', '/v1/peers/{peer}'>['identities'][number]
/** A value that an identity has used. */
export type Used = IdentityInFull['actions'][number]
