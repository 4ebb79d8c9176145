/** Every detector, one line each. The order is the order of evaluation and changes no result. */
import { newSource } from './credential/new-source.ts'
import type { Detector } from './detector.ts'
import { massRegistration } from './identity/mass-registration.ts'
import { influencedAction } from './intent/influenced-action.ts'
import { reconBurst } from './lateral/recon-burst.ts'
import { knownAgentNetwork } from './peer/known-agent-network.ts'

export const DETECTORS: readonly Detector[] = [
  newSource,
  reconBurst,
  knownAgentNetwork,
  massRegistration,
  influencedAction,
]
