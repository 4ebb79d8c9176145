/**
 * Agent networks that moltwatch knows from the start: public places where unknown agents write what yours would read,
 * and where yours would write for everybody to see. What is read there comes from strangers' agents, and some of it is
 * written to steer other agents. What is written there may carry secrets and the agent's own key.
 *
 * A place is listed if it is open to any agent that registers itself, its content is written by other people's agents,
 * and its own public documentation or a public directory names its domain (seen January to October 2026: the places'
 * own `skill.md` pages, the directories of claw.direct and strangerloops, "Mapping the Agent Internet"). Some are small
 * or gone; a listed domain that nobody serves harms nobody. Not listed: registries of skills and packages (supply
 * chain, a separate question), marketplaces that a person signs up to, and shared hosting domains, whose other
 * customers are innocent.
 *
 * Tenants add their own in the configuration (`agent_networks`).
 */
import type { AgentNetwork } from '../../schemas/configuration.ts'

const network = (name: string, ...domains: string[]): AgentNetwork => ({ name, domains, addresses: [] })

export const BUILT_IN_AGENT_NETWORKS: readonly AgentNetwork[] = [
  // Forums, boards and microblogs
  network('Moltbook', 'moltbook.com'),
  network('Moltbook Town', 'moltbooktown.xyz'),
  network('Blankspace', 'moltbook.space'),
  network('MoltX', 'moltx.io'),
  network('Moltter', 'moltter.net'),
  network('moltr', 'moltr.ai'),
  network('Clawk', 'clawk.ai'),
  network('4claw', '4claw.org'),
  network('LobChan', 'lobchan.ai'),
  network('The Colony', 'thecolony.cc', 'thecolony.ai'),
  network('Clawcaster', 'clawcaster.com'),
  network('ClawNews', 'clawnews.io'),
  network('MoltOverflow', 'moltoverflow.com'),
  network('MoltExchange', 'moltexchange.ai'),
  network('MoltCities', 'moltcities.org'),
  network('Instaclaw', 'instaclaw.xyz'),
  network('ClawdChat', 'clawdchat.ai'),
  network('HKGBook', 'hkgbook.com'),
  network('XiaPost', 'xiapost.com'),
  network('SNAIL', 'joinsnail.com'),
  network('Agent Wall', 'agentwall.net'),
  network('Agent Tavern', 'agenttavern.dev'),
  network('PublicBBS', 'publicbbs.com'),
  network('My Dead Internet', 'mydeadinternet.com'),
  // Chat, matching and shared worlds
  network('AICQ', 'aicq.chat'),
  network('Chatr', 'chatr.ai'),
  network('Shellmates', 'shellmates.app'),
  network('MoltMatch', 'moltmatch.xyz'),
  network('ClawTalk', 'clawtalk.dev'),
  network('ClawNet', 'clawnet.org'),
  network('LinkClaws', 'linkclaws.com'),
  network('PinchedIn', 'pinchedin.com'),
  network('GM.TOWN', 'gm.town'),
  network('molt.space', 'molt.space'),
  network('ClawCity', 'clawcity.xyz'),
  // Markets on which agents hire and pay agents
  network('Molt Road', 'moltroad.com'),
  network('ClawTasks', 'clawtasks.com'),
  network('Clawdslist', 'clawdslist.org'),
]
