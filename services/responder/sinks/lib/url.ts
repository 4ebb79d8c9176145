/** Settings of sinks that are reached over HTTP: their URL, and what is wrong with it. */
import { isIP } from 'node:net'
import Type from 'typebox'
import { addressProblem, hostOf } from '../../../lib/config/public-address.ts'
import type { SettingProblem } from '../sink-type.ts'

const URL_CHARS_MAX = 2_048

/** `secret: true` where the URL itself is what lets somebody in. */
export const urlSetting = (description: string, secret = false) =>
  Type.String({ minLength: 1, maxLength: URL_CHARS_MAX, description, ...(secret ? { secret } : {}) })

export const allowPrivateSetting = () =>
  Type.Boolean({ default: false, description: 'Allows private and loopback addresses, and http' })

/** For receivers whose certificates no public authority signs. */
export const caFileSetting = () =>
  Type.Optional(Type.String({ minLength: 1, description: 'Certificates, in PEM, that the receiver is trusted by' }))

/** The option of a channel for it. */
export const caOf = ({ ca_file: caFile }: { readonly ca_file?: string }): { readonly caFile?: string } =>
  caFile === undefined ? {} : { caFile }

interface UrlSettings {
  readonly url: string
  readonly allow_private: boolean
}

function problemOf({ url: text, allow_private: allowPrivate }: UrlSettings): string | undefined {
  if (!URL.canParse(text)) return 'is not a URL'
  const url = new URL(text)
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'must be an https URL'
  if (url.protocol === 'http:' && !allowPrivate) return 'must be https: http is allowed with allow_private: true'
  if (url.username !== '' || url.password !== '') return 'must not hold a user or password: settings of their own do'
  const host = hostOf(url)
  const range = isIP(host) === 0 || allowPrivate ? undefined : addressProblem(host)
  return range === undefined ? undefined : `leads to a ${range} address: that needs allow_private: true`
}

/** What is wrong with the URL; empty if nothing is. */
export function urlProblems(settings: UrlSettings): SettingProblem[] {
  const message = problemOf(settings)
  return message === undefined ? [] : [{ key: 'url', message }]
}

/** A path below that of a URL, unless it ends with it already. */
export function pathBelow(url: string, path: string): string {
  const base = new URL(url).pathname.replace(/\/+$/, '')
  return base.endsWith(path) ? base : `${base}${path}`
}
