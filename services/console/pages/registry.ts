/**
 * The pages of the console: the path of each, its place in the menu and its key after `g`. A new page is a file and a
 * line.
 */
import type { FunctionComponent } from 'preact'
import { AgentPage } from './agent.tsx'
import { AgentsPage } from './agents.tsx'
import { DetectorsPage } from './detectors.tsx'
import { FindingPage } from './finding.tsx'
import { IncidentPage } from './incident.tsx'
import { IncidentsPage } from './incidents.tsx'
import { NowPage } from './now.tsx'
import { PeerPage } from './peer.tsx'
import { PeersPage } from './peers.tsx'
import { ResponsePage } from './response.tsx'
import { SearchPage } from './search.tsx'
import { SettingsPage } from './settings.tsx'

export { NotFound } from './not-found.tsx'

export interface Page {
  readonly title: string
  /** In the form of the router: `/agents/:id`, below /console. */
  readonly path: string
  /** The address in the menu; undefined for pages that are reached from others. */
  readonly menu?: string
  /** The letter behind `g`. */
  readonly key?: string
  // oxlint-disable-next-line typescript/no-explicit-any -- the router hands each page the parameters of its own path.
  readonly page: FunctionComponent<any>
}

export const PAGES: readonly Page[] = [
  { title: 'Now', path: '/console/', menu: '/console/', key: 'n', page: NowPage },
  { title: 'Incidents', path: '/console/incidents', menu: '/console/incidents', key: 'i', page: IncidentsPage },
  { title: 'Incident', path: '/console/incidents/:id', page: IncidentPage },
  { title: 'Finding', path: '/console/findings/:id', page: FindingPage },
  { title: 'Search', path: '/console/search', menu: '/console/search', key: 's', page: SearchPage },
  { title: 'Response', path: '/console/response', menu: '/console/response', key: 'r', page: ResponsePage },
  { title: 'Agents', path: '/console/agents', menu: '/console/agents', key: 'a', page: AgentsPage },
  { title: 'Agent', path: '/console/agents/:id', page: AgentPage },
  { title: 'Peers', path: '/console/peers', menu: '/console/peers', key: 'p', page: PeersPage },
  { title: 'Peer', path: '/console/peers/:id', page: PeerPage },
  { title: 'Detectors', path: '/console/detectors', menu: '/console/detectors', key: 'd', page: DetectorsPage },
  { title: 'Settings', path: '/console/settings', menu: '/console/settings', key: 't', page: SettingsPage },
]
