/** Every detector, one line each. The order is the order of evaluation and changes no result. */
import { never } from './bounds/never.ts'
import { outside } from './bounds/outside.ts'
import { newSource } from './credential/new-source.ts'
import { deniedThenAllowed } from './credential/denied-then-allowed.ts'
import { dormantAwakes } from './credential/dormant-awakes.ts'
import { leakedCredential } from './credential/leaked-credential.ts'
import { budgetSpent } from './intent/budget-spent.ts'
import { delegationChain } from './lateral/delegation-chain.ts'
import { fanOut } from './lateral/fan-out.ts'
import { unknownPeer } from './peer/unknown-peer.ts'
import { codeExecution } from './intent/code-execution.ts'
import { runawayLoop } from './intent/runaway-loop.ts'
import { exfiltration } from './peer/exfiltration.ts'
import type { Detector } from './detector.ts'
import { selfProvisioning } from './identity/self-provisioning.ts'
import { unauthenticatedHarvest } from './identity/unauthenticated-harvest.ts'
import { destructiveBurst } from './intent/destructive-burst.ts'
import { ladderClimb } from './intent/ladder-climb.ts'
import { loggingTamper } from './intent/logging-tamper.ts'
import { conflictingEvent } from './identity/conflicting-event.ts'
import { massRegistration } from './identity/mass-registration.ts'
import { outOfCharacter } from './identity/out-of-character.ts'
import { influencedAction } from './intent/influenced-action.ts'
import { reconBurst } from './lateral/recon-burst.ts'
import { knownAgentNetwork } from './peer/known-agent-network.ts'
import { silentCollector } from './intent/silent-collector.ts'
import { paddedContact } from './peer/padded-contact.ts'
import { rugPull } from './peer/rug-pull.ts'
import { beacon } from './peer/beacon.ts'
import { covertCoordination } from './peer/covert-coordination.ts'
import { newBeneficiary } from './intent/new-beneficiary.ts'
import { ownerLockout } from './identity/owner-lockout.ts'
import { secretHarvest } from './credential/secret-harvest.ts'
import { killChain } from './lateral/kill-chain.ts'
import { exposedControlPanel } from './intent/exposed-control-panel.ts'
import { sharedCredential } from './credential/shared-credential.ts'
import { cascade } from './lateral/cascade.ts'
import { convergence } from './lateral/convergence.ts'
import { environmentCrossing } from './lateral/environment-crossing.ts'
import { newTool } from './peer/new-tool.ts'
import { credentialSwitch } from './credential/credential-switch.ts'
import { firstSeenAction } from './credential/first-seen-action.ts'
import { callRate } from './credential/call-rate.ts'
import { sequenceSurprise } from './intent/sequence-surprise.ts'
import { identityMismatch } from './identity/identity-mismatch.ts'
import { cadenceShift } from './credential/cadence-shift.ts'
import { slowDrift } from './intent/slow-drift.ts'
import { slowRecon } from './lateral/slow-recon.ts'

export const DETECTORS: readonly Detector[] = [
  newSource,
  reconBurst,
  knownAgentNetwork,
  paddedContact,
  massRegistration,
  conflictingEvent,
  outOfCharacter,
  influencedAction,
  selfProvisioning,
  unauthenticatedHarvest,
  destructiveBurst,
  ladderClimb,
  loggingTamper,
  deniedThenAllowed,
  dormantAwakes,
  budgetSpent,
  delegationChain,
  fanOut,
  unknownPeer,
  codeExecution,
  runawayLoop,
  exfiltration,
  silentCollector,
  rugPull,
  beacon,
  covertCoordination,
  newBeneficiary,
  ownerLockout,
  secretHarvest,
  killChain,
  exposedControlPanel,
  sharedCredential,
  leakedCredential,
  cascade,
  convergence,
  environmentCrossing,
  newTool,
  credentialSwitch,
  firstSeenAction,
  callRate,
  sequenceSurprise,
  identityMismatch,
  never,
  outside,
  cadenceShift,
  slowDrift,
  slowRecon,
]
