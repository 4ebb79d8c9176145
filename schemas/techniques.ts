/**
 * The techniques that detectors name, with their common names: MITRE ATT&CK (T...), MITRE ATLAS (AML.T...) and the OWASP Top
 * 10 for Agentic Applications (ASI..). A technique of ATT&CK or ATLAS can serve several tactics. This table has the one that
 * our findings mean, so that the findings of an incident follow one kill chain.
 */

/** Tactics in the order of a kill chain. */
export const TACTICS = [
  'Initial Access',
  'Execution',
  'Persistence',
  'Privilege Escalation',
  'Defense Evasion',
  'Credential Access',
  'Discovery',
  'Lateral Movement',
  'Collection',
  'Command and Control',
  'Exfiltration',
  'Impact',
] as const
export type Tactic = (typeof TACTICS)[number]

export interface Technique {
  readonly name: string
  /** Null for OWASP's categories, which are no steps of an attack. */
  readonly tactic: Tactic | null
}

const of = (name: string, tactic: Tactic | null = null): Technique => ({ name, tactic })

export const TECHNIQUES: ReadonlyMap<string, Technique> = new Map([
  ['T1021.007', of('Remote Services: Cloud Services', 'Lateral Movement')],
  ['T1036', of('Masquerading', 'Defense Evasion')],
  ['T1059', of('Command and Scripting Interpreter', 'Execution')],
  ['T1069.003', of('Permission Groups Discovery: Cloud Groups', 'Discovery')],
  ['T1071.001', of('Application Layer Protocol: Web Protocols', 'Command and Control')],
  ['T1078', of('Valid Accounts', 'Initial Access')],
  ['T1078.004', of('Valid Accounts: Cloud Accounts', 'Initial Access')],
  ['T1087.004', of('Account Discovery: Cloud Account', 'Discovery')],
  ['T1098', of('Account Manipulation', 'Privilege Escalation')],
  ['T1098.001', of('Account Manipulation: Additional Cloud Credentials', 'Persistence')],
  ['T1102', of('Web Service', 'Command and Control')],
  ['T1105', of('Ingress Tool Transfer', 'Command and Control')],
  ['T1110.004', of('Brute Force: Credential Stuffing', 'Credential Access')],
  ['T1133', of('External Remote Services', 'Initial Access')],
  ['T1136', of('Create Account', 'Persistence')],
  ['T1136.003', of('Create Account: Cloud Account', 'Persistence')],
  ['T1195.002', of('Supply Chain Compromise: Compromise Software Supply Chain', 'Initial Access')],
  ['T1199', of('Trusted Relationship', 'Initial Access')],
  ['T1485', of('Data Destruction', 'Impact')],
  ['T1496', of('Resource Hijacking', 'Impact')],
  ['T1499', of('Endpoint Denial of Service', 'Impact')],
  ['T1526', of('Cloud Service Discovery', 'Discovery')],
  ['T1528', of('Steal Application Access Token', 'Credential Access')],
  ['T1530', of('Data from Cloud Storage', 'Collection')],
  ['T1531', of('Account Access Removal', 'Impact')],
  ['T1548.005', of('Abuse Elevation Control Mechanism: Temporary Elevated Cloud Access', 'Privilege Escalation')],
  ['T1550', of('Use Alternate Authentication Material', 'Lateral Movement')],
  ['T1550.001', of('Use Alternate Authentication Material: Application Access Token', 'Lateral Movement')],
  ['T1552', of('Unsecured Credentials', 'Credential Access')],
  ['T1552.005', of('Unsecured Credentials: Cloud Instance Metadata API', 'Credential Access')],
  ['T1556', of('Modify Authentication Process', 'Credential Access')],
  ['T1562.008', of('Impair Defenses: Disable or Modify Cloud Logs', 'Defense Evasion')],
  ['T1565.001', of('Data Manipulation: Stored Data Manipulation', 'Impact')],
  ['T1567', of('Exfiltration Over Web Service', 'Exfiltration')],
  ['T1580', of('Cloud Infrastructure Discovery', 'Discovery')],
  ['T1657', of('Financial Theft', 'Impact')],
  ['AML.T0010', of('AI Supply Chain Compromise', 'Initial Access')],
  ['AML.T0012', of('Valid Accounts', 'Initial Access')],
  ['AML.T0021', of('Establish Accounts', 'Persistence')],
  ['AML.T0034.002', of('Cost Harvesting: Agentic Resource Consumption', 'Impact')],
  ['AML.T0050', of('Command and Scripting Interpreter', 'Execution')],
  ['AML.T0051', of('LLM Prompt Injection', 'Execution')],
  ['AML.T0051.001', of('LLM Prompt Injection: Indirect', 'Execution')],
  ['AML.T0053', of('AI Agent Tool Invocation', 'Execution')],
  ['AML.T0080.000', of('AI Agent Context Poisoning: Memory', 'Persistence')],
  ['AML.T0081', of('Modify AI Agent Configuration', 'Defense Evasion')],
  ['AML.T0083', of('Credentials from AI Agent Configuration', 'Credential Access')],
  ['AML.T0084', of('Discover AI Agent Configuration', 'Discovery')],
  ['AML.T0086', of('Exfiltration via AI Agent Tool Invocation', 'Exfiltration')],
  ['AML.T0091', of('Use Alternate Authentication Material', 'Lateral Movement')],
  ['AML.T0091.000', of('Use Alternate Authentication Material: Application Access Token', 'Lateral Movement')],
  ['AML.T0093', of('Prompt Infiltration via Public-Facing Application', 'Initial Access')],
  ['AML.T0096', of('AI Service API', 'Command and Control')],
  ['AML.T0098', of('AI Agent Tool Credential Harvesting', 'Credential Access')],
  ['AML.T0100', of('AI Agent Clickbait', 'Execution')],
  ['AML.T0101', of('Data Destruction via AI Agent Tool Invocation', 'Impact')],
  ['AML.T0108', of('AI Agent', 'Command and Control')],
  ['AML.T0109', of('AI Supply Chain Rug Pull', 'Defense Evasion')],
  ['AML.T0110', of('AI Agent Tool Poisoning', 'Persistence')],
  ['ASI01', of('Agent Goal Hijack')],
  ['ASI02', of('Tool Misuse and Exploitation')],
  ['ASI03', of('Identity and Privilege Abuse')],
  ['ASI04', of('Agentic Supply Chain Vulnerabilities')],
  ['ASI05', of('Unexpected Code Execution')],
  ['ASI06', of('Memory and Context Poisoning')],
  ['ASI07', of('Insecure Inter-Agent Communication')],
  ['ASI08', of('Cascading Failures')],
  ['ASI09', of('Human-Agent Trust Exploitation')],
  ['ASI10', of('Rogue Agents')],
])

/** `T1078 (Valid Accounts)`: how a technique is written wherever a person reads it. */
export function techniqueText(id: string): string {
  const name = TECHNIQUES.get(id)?.name
  return name === undefined ? id : `${id} (${name})`
}
