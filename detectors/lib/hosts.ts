/** What a host says about whoever serves there: whether it is a DNS name at all, and whether anybody can rent it. */
import type { EventView } from '../../schemas/event.ts'

/** Hosts under which anybody serves anything within minutes, without being known. */
const RENTED =
  /(?:^|\.)(?:vercel\.app|netlify\.app|github\.io|gitlab\.io|pages\.dev|workers\.dev|web\.app|firebaseapp\.com|herokuapp\.com|onrender\.com|fly\.dev|railway\.app|repl\.co|replit\.app|glitch\.me|ngrok(?:-free)?\.(?:app|io|dev)|trycloudflare\.com|loca\.lt|serveo\.net|localhost\.run|deno\.dev|surge\.sh|duckdns\.org|azurewebsites\.net|cloudfunctions\.net|lambda-url\.[a-z0-9-]+\.on\.aws)$/
const ADDRESS = /^(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f:]*:[0-9a-f:]+)$/i
/** What ends as names in the DNS end: `worker.4` is the name of an agent within the company, and no host. */
const NAME = /\.(?:[a-z]{2,63}|xn--[a-z0-9-]{1,59})$/i

/** What an act contacts, as far as its event names it, domains first; mostly nothing. */
export const peersOf = ({ peer, peer_domains: domains }: EventView): readonly string[] =>
  peer === '' ? domains : [...domains, peer]

/** The first host that an act contacts, in lower case; '' if it contacts none. A name without a dot is one within the company, and no host. */
export const hostOf = (event: EventView): string => peersOf(event).find(isHost)?.toLowerCase() ?? ''

/** Whether the name is a host: an address, or a name of the DNS with a dot. */
const isHost = (name: string): boolean => NAME.test(name) || ADDRESS.test(name)

/** Whether anybody rents this host (in lower case) for minutes: a platform's subdomain, or a bare address. */
export const isRented = (host: string): boolean => RENTED.test(host) || ADDRESS.test(host)
