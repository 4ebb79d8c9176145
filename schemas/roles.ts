/**
 * What a token may do. In a file without schemas, like `any-detector.ts`, because the console takes it into the browser: a
 * validator would be two thirds of what is loaded there.
 */

/**
 * ingest only sends events. analyst reads, and triages findings and incidents. responder also holds agents back and sets the
 * global stop. admin does everything, including tokens.
 */
export const ROLES = ['admin', 'responder', 'analyst', 'ingest'] as const
export type Role = (typeof ROLES)[number]
