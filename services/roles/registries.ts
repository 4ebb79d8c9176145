/**
 * The trust registries as the API asks them: by the rules of the detectors, so that what a page calls declared is what detectors
 * let pass.
 */
import { AgentRules } from '../../detectors/lib/agent-registry.ts'
import { HostList } from '../../detectors/lib/host-list.ts'
import type { AgentRegistry } from '../../schemas/agents.ts'
import type { ShownRegistry } from '../api/permissions.ts'

function shown(registries: readonly AgentRegistry[]): ShownRegistry {
  const rules = new AgentRules(registries)
  const trusted = new HostList<true>()
  for (const entry of registries.flatMap(({ trusted_peers = [] }) => trusted_peers)) trusted.add(entry, true)
  return {
    isEmpty: rules.isEmpty,
    isStrict: rules.isStrict,
    boundsOf: (identity) => rules.boundsOf(identity),
    isTrusted: (peer) => trusted.find(peer) === true,
  }
}

/** Gives the registry of a tenant with that of all, made where it is first asked for. `agents`: by tenant; '' is everybody's. */
export function registriesOf(agents: Readonly<Record<string, AgentRegistry>>): (tenant: string) => ShownRegistry {
  const byTenant = new Map(Object.entries(agents))
  const made = new Map<string, ShownRegistry>()
  return (tenant) => {
    // The tenant's own come first: its mode goes before that of all.
    const known = made.get(tenant) ?? shown([tenant, ''].flatMap((of) => byTenant.get(of) ?? []))
    made.set(tenant, known)
    return known
  }
}
