/**
 * What the API takes and answers, by operation. Made of the routes by `npm run docs:api`: change the routes instead.
 */
type NoFields = Record<never, never>

type AuditEntry = {
  id: string
  tenant: string
  sequence: number
  kept_from: number
  time: string
  asked_at: string
  by: string
  act: string
  status: string
  content: {
    subject: (string)[]
    reason: string
    detail: string
    salt: string
  } | null
  content_hash: string
  previous: string
  hash: string
}

type CommandOutcome = {
  id: string
  tenant: string
  type: string
  by: string
  reason: string
  time: string
  status: 'applied' | 'nothing' | 'refused' | 'failed'
  detail: string
  changed: number
  done_at: string
}

type DeadLetter = {
  id: string
  tenant: string
  time: string
  service: 'collector' | 'detector' | 'archiver' | 'responder'
  origin: string
  reason: 'malformed' | 'unnamed' | 'invalid' | 'unsupported' | 'poison' | 'refused'
  detail: string
  index: number
  record: string
  sender: string
}

type Delivery = {
  id: string
  tenant: string
  sink: string
  type: 'finding.created' | 'finding.updated' | 'findings.digest' | 'incident.paged' | 'incident.acknowledged' | 'incident.closed' | 'incident.reopened' | 'quarantine.requested' | 'quarantine.released' | 'quarantine.proposed' | 'quarantine.unheard' | 'suppression.added' | 'suppression.ended' | 'sink.disabled' | 'sink.failing' | 'sink.test'
  action_id: string
  subject: string
  identity: string
  order_sequence: number
  status: 'pending' | 'held' | 'delivered' | 'joined' | 'dead' | 'superseded'
  attempts: number
  created_ms: number
  next_attempt_ms: number
  closed_ms: number
  last_outcome: string
}

type Detector = {
  id: string
  version: number
  title: string
  severity: 'info' | 'low' | 'medium' | 'high' | 'critical'
  mode: 'live' | 'shadow'
  techniques: (string)[]
  false_positives: (string)[]
  findings: number | null
  verdicts: {
    true_positive: number
    false_positive: number
    benign: number
  }
  precision: number | null
}

type Event = {
  event_id: string
  content_id?: string
  tenant?: string
  time: string
  time_ns?: number
  receipt_time?: string | null
  time_flag?: 'ok' | 'missing' | 'ancient' | 'future'
  sequence?: number
  sender?: string
  source?: string
  source_id?: string
  call_record?: 'unknown' | 'log' | 'span'
  history?: number
  principal_kind?: 'agent' | 'service' | 'person'
  identity: string
  instance?: string
  role?: string
  agent_version?: string
  owner?: string
  on_behalf_of?: (string)[]
  identity_assurance?: 'claimed' | 'token' | 'mtls' | 'workload' | 'provider'
  credential?: string
  session?: string
  session_derived?: number
  trace?: string
  task?: string
  action?: string
  kind?: 'api' | 'tool' | 'mcp' | 'a2a' | 'auth' | 'admin' | 'exec' | 'file' | 'message' | 'memory' | 'control'
  activity?: 'unknown' | 'create' | 'read' | 'list' | 'update' | 'delete' | 'other'
  target?: string
  target_kind?: string
  environment?: string
  outcome?: 'unknown' | 'success' | 'failure' | 'denied'
  error?: string
  source_address?: string
  source_network?: string
  user_agent?: string
  user_agent_family?: string
  peer?: string
  peer_domains?: (string)[]
  protocol?: string
  peer_hash?: string
  approval?: string
  approver?: string
  approval_factors?: string
  approval_expires?: string | null
  bytes_in?: number
  bytes_out?: number
  cost?: number
  tokens_in?: number
  tokens_out?: number
  model?: string
  content_origin?: 'unknown' | 'user' | 'trusted' | 'untrusted'
  content_classes?: number
  extractor_version?: number
  value_hashes?: (string)[]
  value_kinds?: (number)[]
  indicators?: unknown
  conflict?: boolean
}

type Facets = {
  facets: ({
    field: string
    values: ({
      value: string
      count: number
    })[]
  })[]
}

type Finding = {
  id: string
  revision: number
  detector: string
  version: number
  mode: 'live' | 'shadow'
  severity: 'info' | 'low' | 'medium' | 'high' | 'critical'
  tenant: string
  agent: string
  owner: string
  session: string | null
  time: string
  title: string
  why: string
  observed: Record<string, number | string | (string)[]>
  expected: Record<string, number | string | (string)[]>
  surprise: number
  learned_since: string | null
  techniques: (string)[]
  evidence: ({
    event_id: string
    source_id: string
    time: string
    action: string
    target: string
  })[]
  evidence_count?: number
  history: boolean
  epoch: string
  found_at: string | null
}

type Histogram = {
  step_ms: number
  buckets: ({
    time: string
    count: number
  })[]
}

type Incident = {
  id: string
  tenant: string
  agent: string
  owner: string
  severity: 'info' | 'low' | 'medium' | 'high' | 'critical'
  first_time: string
  last_time: string
  opened_at: string
  updated_at: string
  finding_ids: (string)[]
  detectors: (string)[]
  techniques: (string)[]
  timeline: ({
    time: string
    kind: 'finding' | 'action' | 'verdict' | 'comment'
    text: string
    finding_id: string | null
  })[]
  paged: boolean
  risk_points: number
  status: 'new' | 'in_progress' | 'resolved' | 'suppressed' | 'archived'
  assignee: string | null
  verdict: 'true_positive' | 'false_positive' | 'benign' | null
  merged_into: string | null
  also: (string)[]
  ties: ({
    by: 'session' | 'credential' | 'peer' | 'identity'
    value: string
  })[]
  status_by: string | null
  status_reason: string
}

type Lacking = {
  fields: (string)[]
  detectors: (string)[]
  send: (string)[]
}

type LeftOutOfProposal = {
  denied: number
  recent: number
  incident: number
  never: number
  pattern: number
  more: number
}

type Permissions = {
  allowed: (RegistryEntry)[]
  never: (RegistryEntry)[]
  undeclared: ({
    value: string
    events: number
    first_seen: string
    last_seen: string
    trusted: boolean
  })[]
  undeclared_count: number
  proposed: (string)[]
  left_out: LeftOutOfProposal
  whole: boolean
}

type Quarantine = {
  id: string
  tenant: string
  identity: string
  identity_since?: string
  action: 'quarantine' | 'reduce-autonomy'
  status: 'shadow' | 'proposed' | 'refused' | 'requested' | 'sent' | 'acknowledged' | 'released' | 'expired'
  status_reason: string
  sequence: number
  order_sequence: number
  reason: string
  finding_ids: (string)[]
  incident_id: string | null
  automatic: boolean
  requested_by: string
  requested_at: string
  approved_by: string | null
  ordered_at: string | null
  sent_at: string | null
  acknowledged_at: string | null
  acknowledged_by: (string)[]
  expires_at: string | null
  ended_at: string | null
  released_by: string | null
  release_reason: string | null
}

type RegistryEntry = {
  entry: string
  events: number
  last_used: string | null
}

type Sink = {
  name: string
  type: string
  tenant: string
  receives: ('findings' | 'revisions' | 'orders' | 'notices' | 'triage')[]
  min_severity: 'info' | 'low' | 'medium' | 'high' | 'critical'
  status: 'ok' | 'failing' | 'disabled'
  since: string
  detail: string
  pending: number
  held: number
  dead: number
  last_delivered: string | null
}

type Suppression = {
  id: string
  tenant: string
  scope: {
    detector: string
    agent?: string
    target?: string
    peer?: string
    network?: string
  }
  until: string
  reason: string
  by: string
  time: string
}

type Token = {
  id: string
  tenant: string
  name: string
  role: 'admin' | 'responder' | 'analyst' | 'ingest'
  scopes: ('live' | 'history')[]
  status: 'active' | 'expired' | 'revoked'
  created_at: string
  created_by: string
  expires_at: string | null
  ended_at: string | null
  ended_by: string
  reason: string
}

type Toucher = {
  identity: string
  owner: string
  events: number
  first_seen: string
  last_seen: string
}

type UsedValue = {
  value: string
  events: number
  first_seen: string
  last_seen: string
}

interface GET {
  '/v1/overview': {
    path: NoFields
    query: NoFields
    body: undefined
    answer: {
      open_incidents: {
        info: number
        low: number
        medium: number
        high: number
        critical: number
      }
      events: number | null
      events_last_hour: number | null
      agents_last_hour: number | null
      untimed_last_hour: ({
        sender: string
        events: number
      })[] | null
      health: Record<string, {
        state: 'ok' | 'warn' | 'bad'
        text: string
      }>
    }
  }
  '/v1/graph': {
    path: NoFields
    query: {
      since?: string | undefined
    }
    body: undefined
    answer: {
      edges: ({
        from: string
        to: string
        kind: 'peer' | 'credential' | 'delegation'
        count: number
        first_seen: string
        new: boolean
      })[]
    }
  }
  '/v1/detectors': {
    path: NoFields
    query: NoFields
    body: undefined
    answer: {
      items: (Detector)[]
      next_cursor: string | null
      whole_since?: string
    }
  }
  '/v1/detectors/{detector}': {
    path: {
      detector: string
    }
    query: NoFields
    body: undefined
    answer: Detector
  }
  '/v1/findings': {
    path: NoFields
    query: {
      limit?: number | undefined
      cursor?: string | undefined
      q?: string | undefined
      since?: string | undefined
      until?: string | undefined
      severity?: string | undefined
      detector?: string | undefined
      agent?: string | undefined
      session?: string | undefined
      mode?: 'live' | 'shadow' | undefined
      history?: 'true' | 'false' | undefined
      after?: string | undefined
    }
    body: undefined
    answer: {
      items: (Finding)[]
      next_cursor: string | null
      whole_since?: string
    }
  }
  '/v1/findings/facets': {
    path: NoFields
    query: {
      q?: string | undefined
      since?: string | undefined
      until?: string | undefined
      severity?: string | undefined
      detector?: string | undefined
      agent?: string | undefined
      session?: string | undefined
      mode?: 'live' | 'shadow' | undefined
      history?: 'true' | 'false' | undefined
      fields?: string | undefined
      top?: number | undefined
    }
    body: undefined
    answer: Facets
  }
  '/v1/findings/histogram': {
    path: NoFields
    query: {
      q?: string | undefined
      since?: string | undefined
      until?: string | undefined
      severity?: string | undefined
      detector?: string | undefined
      agent?: string | undefined
      session?: string | undefined
      mode?: 'live' | 'shadow' | undefined
      history?: 'true' | 'false' | undefined
      buckets?: number | undefined
    }
    body: undefined
    answer: Histogram
  }
  '/v1/findings/export': {
    path: NoFields
    query: {
      q?: string | undefined
      since?: string | undefined
      until?: string | undefined
      severity?: string | undefined
      detector?: string | undefined
      agent?: string | undefined
      session?: string | undefined
      mode?: 'live' | 'shadow' | undefined
      history?: 'true' | 'false' | undefined
      format?: 'csv' | 'ndjson' | undefined
    }
    body: undefined
    answer: string
  }
  '/v1/findings/tail': {
    path: NoFields
    query: NoFields
    body: undefined
    answer: string
  }
  '/v1/findings/{id}': {
    path: {
      id: string
    }
    query: NoFields
    body: undefined
    answer: {
      id: string
      revision: number
      detector: string
      version: number
      mode: 'live' | 'shadow'
      severity: 'info' | 'low' | 'medium' | 'high' | 'critical'
      tenant: string
      agent: string
      owner: string
      session: string | null
      time: string
      title: string
      why: string
      observed: Record<string, number | string | (string)[]>
      expected: Record<string, number | string | (string)[]>
      surprise: number
      learned_since: string | null
      techniques: (string)[]
      evidence: ({
        event_id: string
        source_id: string
        time: string
        action: string
        target: string
      })[]
      evidence_count?: number
      history: boolean
      epoch: string
      found_at: string | null
      excerpts: ({
        event_id: string
        kind: 'task' | 'order' | 'message' | 'arguments' | 'result'
        text: string
      })[]
      excerpts_note: string | null
      events: (Event)[]
    }
  }
  '/v1/findings/{id}/after': {
    path: {
      id: string
    }
    query: {
      limit?: number | undefined
    }
    body: undefined
    answer: {
      items: (Event)[]
      events: number
    }
  }
  '/v1/findings/{id}/shared': {
    path: {
      id: string
    }
    query: NoFields
    body: undefined
    answer: {
      values: ({
        value: string
        identities: (Toucher)[]
      })[]
    }
  }
  '/v1/incidents/tail': {
    path: NoFields
    query: NoFields
    body: undefined
    answer: string
  }
  '/v1/incidents/open': {
    path: NoFields
    query: {
      limit?: number | undefined
    }
    body: undefined
    answer: {
      items: (Incident)[]
      quarantines: (Quarantine)[]
      open: number
    }
  }
  '/v1/incidents': {
    path: NoFields
    query: {
      limit?: number | undefined
      cursor?: string | undefined
      q?: string | undefined
      since?: string | undefined
      until?: string | undefined
      agent?: string | undefined
      severity?: string | undefined
      status?: string | undefined
    }
    body: undefined
    answer: {
      items: (Incident)[]
      next_cursor: string | null
      whole_since?: string
    }
  }
  '/v1/incidents/facets': {
    path: NoFields
    query: {
      q?: string | undefined
      since?: string | undefined
      until?: string | undefined
      agent?: string | undefined
      severity?: string | undefined
      status?: string | undefined
      fields?: string | undefined
      top?: number | undefined
    }
    body: undefined
    answer: Facets
  }
  '/v1/incidents/histogram': {
    path: NoFields
    query: {
      q?: string | undefined
      since?: string | undefined
      until?: string | undefined
      agent?: string | undefined
      severity?: string | undefined
      status?: string | undefined
      buckets?: number | undefined
    }
    body: undefined
    answer: Histogram
  }
  '/v1/incidents/export': {
    path: NoFields
    query: {
      q?: string | undefined
      since?: string | undefined
      until?: string | undefined
      agent?: string | undefined
      severity?: string | undefined
      status?: string | undefined
      format?: 'csv' | 'ndjson' | undefined
    }
    body: undefined
    answer: string
  }
  '/v1/incidents/{id}': {
    path: {
      id: string
    }
    query: NoFields
    body: undefined
    answer: {
      id: string
      tenant: string
      agent: string
      owner: string
      severity: 'info' | 'low' | 'medium' | 'high' | 'critical'
      first_time: string
      last_time: string
      opened_at: string
      updated_at: string
      finding_ids: (string)[]
      detectors: (string)[]
      techniques: (string)[]
      timeline: ({
        time: string
        kind: 'finding' | 'action' | 'verdict' | 'comment'
        text: string
        finding_id: string | null
      })[]
      paged: boolean
      risk_points: number
      status: 'new' | 'in_progress' | 'resolved' | 'suppressed' | 'archived'
      assignee: string | null
      verdict: 'true_positive' | 'false_positive' | 'benign' | null
      merged_into: string | null
      also: (string)[]
      ties: ({
        by: 'session' | 'credential' | 'peer' | 'identity'
        value: string
      })[]
      status_by: string | null
      status_reason: string
      findings: (Finding)[] | null
      quarantines: (Quarantine)[]
      chain: {
        links: ({
          incident: Incident
          from: string
          ties: ({
            by: 'session' | 'credential' | 'peer' | 'identity'
            value: string
          })[]
        })[]
        more: boolean
        common: ({
          by: 'session' | 'credential' | 'peer' | 'identity'
          value: string
          agents: number
        })[]
      }
    }
  }
  '/v1/events': {
    path: NoFields
    query: {
      limit?: number | undefined
      cursor?: string | undefined
      q?: string | undefined
      since?: string | undefined
      until?: string | undefined
      identity?: string | undefined
      instance?: string | undefined
      owner?: string | undefined
      session?: string | undefined
      trace?: string | undefined
      credential?: string | undefined
      action?: string | undefined
      kind?: string | undefined
      outcome?: string | undefined
      target?: string | undefined
      source_address?: string | undefined
      source_network?: string | undefined
      peer?: string | undefined
    }
    body: undefined
    answer: {
      items: (Event)[]
      next_cursor: string | null
      whole_since?: string
    }
  }
  '/v1/events/count': {
    path: NoFields
    query: {
      q?: string | undefined
      since?: string | undefined
      until?: string | undefined
      identity?: string | undefined
      instance?: string | undefined
      owner?: string | undefined
      session?: string | undefined
      trace?: string | undefined
      credential?: string | undefined
      action?: string | undefined
      kind?: string | undefined
      outcome?: string | undefined
      target?: string | undefined
      source_address?: string | undefined
      source_network?: string | undefined
      peer?: string | undefined
    }
    body: undefined
    answer: {
      count: number
    }
  }
  '/v1/events/facets': {
    path: NoFields
    query: {
      q?: string | undefined
      since?: string | undefined
      until?: string | undefined
      identity?: string | undefined
      instance?: string | undefined
      owner?: string | undefined
      session?: string | undefined
      trace?: string | undefined
      credential?: string | undefined
      action?: string | undefined
      kind?: string | undefined
      outcome?: string | undefined
      target?: string | undefined
      source_address?: string | undefined
      source_network?: string | undefined
      peer?: string | undefined
      fields?: string | undefined
      top?: number | undefined
    }
    body: undefined
    answer: Facets
  }
  '/v1/events/histogram': {
    path: NoFields
    query: {
      q?: string | undefined
      since?: string | undefined
      until?: string | undefined
      identity?: string | undefined
      instance?: string | undefined
      owner?: string | undefined
      session?: string | undefined
      trace?: string | undefined
      credential?: string | undefined
      action?: string | undefined
      kind?: string | undefined
      outcome?: string | undefined
      target?: string | undefined
      source_address?: string | undefined
      source_network?: string | undefined
      peer?: string | undefined
      buckets?: number | undefined
    }
    body: undefined
    answer: Histogram
  }
  '/v1/events/export': {
    path: NoFields
    query: {
      q?: string | undefined
      since?: string | undefined
      until?: string | undefined
      identity?: string | undefined
      instance?: string | undefined
      owner?: string | undefined
      session?: string | undefined
      trace?: string | undefined
      credential?: string | undefined
      action?: string | undefined
      kind?: string | undefined
      outcome?: string | undefined
      target?: string | undefined
      source_address?: string | undefined
      source_network?: string | undefined
      peer?: string | undefined
      format?: 'csv' | 'ndjson' | undefined
    }
    body: undefined
    answer: string
  }
  '/v1/events/tail': {
    path: NoFields
    query: NoFields
    body: undefined
    answer: string
  }
  '/v1/events/{id}': {
    path: {
      id: string
    }
    query: NoFields
    body: undefined
    answer: {
      event_id: string
      content_id?: string
      tenant?: string
      time: string
      time_ns?: number
      receipt_time?: string | null
      time_flag?: 'ok' | 'missing' | 'ancient' | 'future'
      sequence?: number
      sender?: string
      source?: string
      source_id?: string
      call_record?: 'unknown' | 'log' | 'span'
      history?: number
      principal_kind?: 'agent' | 'service' | 'person'
      identity: string
      instance?: string
      role?: string
      agent_version?: string
      owner?: string
      on_behalf_of?: (string)[]
      identity_assurance?: 'claimed' | 'token' | 'mtls' | 'workload' | 'provider'
      credential?: string
      session?: string
      session_derived?: number
      trace?: string
      task?: string
      action?: string
      kind?: 'api' | 'tool' | 'mcp' | 'a2a' | 'auth' | 'admin' | 'exec' | 'file' | 'message' | 'memory' | 'control'
      activity?: 'unknown' | 'create' | 'read' | 'list' | 'update' | 'delete' | 'other'
      target?: string
      target_kind?: string
      environment?: string
      outcome?: 'unknown' | 'success' | 'failure' | 'denied'
      error?: string
      source_address?: string
      source_network?: string
      user_agent?: string
      user_agent_family?: string
      peer?: string
      peer_domains?: (string)[]
      protocol?: string
      peer_hash?: string
      approval?: string
      approver?: string
      approval_factors?: string
      approval_expires?: string | null
      bytes_in?: number
      bytes_out?: number
      cost?: number
      tokens_in?: number
      tokens_out?: number
      model?: string
      content_origin?: 'unknown' | 'user' | 'trusted' | 'untrusted'
      content_classes?: number
      extractor_version?: number
      value_hashes?: (string)[]
      value_kinds?: (number)[]
      indicators?: unknown
      conflict?: boolean
      conflicts: (Event)[]
      same_call: (Event)[]
    }
  }
  '/v1/identities': {
    path: NoFields
    query: {
      limit?: number | undefined
      cursor?: string | undefined
      name?: string | undefined
    }
    body: undefined
    answer: {
      items: ({
        identity: string
        principal_kind: string
        owner: string
        role: string
        first_seen: string
        last_seen: string
        events: number
        sessions: number
        instances: number
        incidents_open: number
        incidents_worst: 'info' | 'low' | 'medium' | 'high' | 'critical' | null
      })[]
      next_cursor: string | null
      whole_since?: string
    }
  }
  '/v1/identities/{identity}': {
    path: {
      identity: string
    }
    query: NoFields
    body: undefined
    answer: {
      identity: string
      principal_kind: string
      owner: string
      role: string
      first_seen: string
      last_seen: string
      events: number
      sessions: number
      instances: number
      actions: (UsedValue)[]
      sources: (UsedValue)[]
      peers: (UsedValue)[]
      credentials: (UsedValue)[]
      user_agents: (UsedValue)[]
      agent_versions: (UsedValue)[]
      outcomes: (UsedValue)[]
      findings: {
        info: number
        low: number
        medium: number
        high: number
        critical: number
      }
    }
  }
  '/v1/identities/{identity}/hours': {
    path: {
      identity: string
    }
    query: {
      days?: number | undefined
    }
    body: undefined
    answer: {
      now: ((number)[])[]
      before: ((number)[])[]
      days_now: number
      days_before: number
    }
  }
  '/v1/identities/{identity}/permissions': {
    path: {
      identity: string
    }
    query: {
      days?: number | undefined
    }
    body: undefined
    answer: {
      registry: 'none' | 'unlisted' | 'listed'
      strict: boolean
      owner: string
      days: number
      since: string
      actions: Permissions
      targets: Permissions
      peers: Permissions
      kinds: ({
        value: string
        events: number
        first_seen: string
        last_seen: string
      })[]
    }
  }
  '/v1/coverage': {
    path: NoFields
    query: {
      limit?: number | undefined
      cursor?: string | undefined
      name?: string | undefined
      by?: string | undefined
      from?: string | undefined
    }
    body: undefined
    answer: {
      items: ({
        name: string
        events: number
        first_seen: string
        last_seen: string
        learned_from: string
        fields: Record<string, number>
        tool_calls: number
        tool_calls_empty: number
        sessions: number
        sessions_derived: number
        detectors: ({
          detector: string
          mode: string
          sees: string
          until: string | null
          lacks: ((string)[])[]
        })[]
        advice: (string)[]
      })[]
      next_cursor: string | null
      whole_since?: string
    }
  }
  '/v1/identities/{identity}/coverage': {
    path: {
      identity: string
    }
    query: NoFields
    body: undefined
    answer: {
      name: string
      events: number
      first_seen: string
      last_seen: string
      learned_from: string
      fields: Record<string, number>
      tool_calls: number
      tool_calls_empty: number
      sessions: number
      sessions_derived: number
      detectors: ({
        detector: string
        mode: string
        sees: string
        until: string | null
        lacks: ((string)[])[]
      })[]
      advice: (string)[]
      lacking: (Lacking)[]
    }
  }
  '/v1/peers': {
    path: NoFields
    query: {
      limit?: number | undefined
      cursor?: string | undefined
      name?: string | undefined
    }
    body: undefined
    answer: {
      items: ({
        peer: string
        identities: number
        events: number
        first_seen: string
        last_seen: string
      })[]
      next_cursor: string | null
      whole_since?: string
    }
  }
  '/v1/peers/{peer}': {
    path: {
      peer: string
    }
    query: NoFields
    body: undefined
    answer: {
      peer: string
      identities: (Toucher)[]
    }
  }
  '/v1/credentials': {
    path: NoFields
    query: {
      limit?: number | undefined
      cursor?: string | undefined
      name?: string | undefined
    }
    body: undefined
    answer: {
      items: ({
        credential: string
        identities: number
        events: number
        first_seen: string
        last_seen: string
      })[]
      next_cursor: string | null
      whole_since?: string
    }
  }
  '/v1/credentials/{credential}': {
    path: {
      credential: string
    }
    query: NoFields
    body: undefined
    answer: {
      credential: string
      identities: (Toucher)[]
    }
  }
  '/v1/sources': {
    path: NoFields
    query: {
      limit?: number | undefined
      cursor?: string | undefined
      name?: string | undefined
    }
    body: undefined
    answer: {
      items: ({
        source: string
        identities: number
        events: number
        first_seen: string
        last_seen: string
      })[]
      next_cursor: string | null
      whole_since?: string
    }
  }
  '/v1/sources/{source}': {
    path: {
      source: string
    }
    query: NoFields
    body: undefined
    answer: {
      source: string
      identities: (Toucher)[]
    }
  }
  '/v1/quarantines': {
    path: NoFields
    query: {
      limit?: number | undefined
      cursor?: string | undefined
      q?: string | undefined
      since?: string | undefined
      until?: string | undefined
      identity?: string | undefined
      status?: string | undefined
    }
    body: undefined
    answer: {
      items: (Quarantine)[]
      next_cursor: string | null
      whole_since?: string
    }
  }
  '/v1/quarantines/facets': {
    path: NoFields
    query: {
      q?: string | undefined
      since?: string | undefined
      until?: string | undefined
      identity?: string | undefined
      status?: string | undefined
      fields?: string | undefined
      top?: number | undefined
    }
    body: undefined
    answer: Facets
  }
  '/v1/quarantines/histogram': {
    path: NoFields
    query: {
      q?: string | undefined
      since?: string | undefined
      until?: string | undefined
      identity?: string | undefined
      status?: string | undefined
      buckets?: number | undefined
    }
    body: undefined
    answer: Histogram
  }
  '/v1/quarantines/export': {
    path: NoFields
    query: {
      q?: string | undefined
      since?: string | undefined
      until?: string | undefined
      identity?: string | undefined
      status?: string | undefined
      format?: 'csv' | 'ndjson' | undefined
    }
    body: undefined
    answer: string
  }
  '/v1/quarantines/{id}': {
    path: {
      id: string
    }
    query: NoFields
    body: undefined
    answer: Quarantine
  }
  '/v1/policy': {
    path: NoFields
    query: NoFields
    body: undefined
    answer: {
      mode: 'shadow' | 'propose' | 'enforce'
      rules: ({
        detector: string
        min_severity: 'info' | 'low' | 'medium' | 'high' | 'critical'
        techniques: (string)[]
        min_detectors: number
        actions: ('notify' | 'page' | 'quarantine' | 'reduce-autonomy')[]
      })[]
      protected: (string)[]
      caps: {
        per_hour: number
        share_of_identities: number
      }
      expires_hours: number
      stopped_by: ('configuration' | 'person')[]
      stop: {
        tenant: string
        stopped: boolean
        by: string
        reason: string
        time: string
      } | null
    }
  }
  '/v1/suppressions': {
    path: NoFields
    query: {
      limit?: number | undefined
      cursor?: string | undefined
      q?: string | undefined
      since?: string | undefined
      until?: string | undefined
      detector?: string | undefined
      agent?: string | undefined
      by?: string | undefined
    }
    body: undefined
    answer: {
      items: (Suppression)[]
      next_cursor: string | null
      whole_since?: string
    }
  }
  '/v1/suppressions/facets': {
    path: NoFields
    query: {
      q?: string | undefined
      since?: string | undefined
      until?: string | undefined
      detector?: string | undefined
      agent?: string | undefined
      by?: string | undefined
      fields?: string | undefined
      top?: number | undefined
    }
    body: undefined
    answer: Facets
  }
  '/v1/suppressions/histogram': {
    path: NoFields
    query: {
      q?: string | undefined
      since?: string | undefined
      until?: string | undefined
      detector?: string | undefined
      agent?: string | undefined
      by?: string | undefined
      buckets?: number | undefined
    }
    body: undefined
    answer: Histogram
  }
  '/v1/suppressions/export': {
    path: NoFields
    query: {
      q?: string | undefined
      since?: string | undefined
      until?: string | undefined
      detector?: string | undefined
      agent?: string | undefined
      by?: string | undefined
      format?: 'csv' | 'ndjson' | undefined
    }
    body: undefined
    answer: string
  }
  '/v1/suppressions/{id}': {
    path: {
      id: string
    }
    query: NoFields
    body: undefined
    answer: Suppression
  }
  '/v1/deliveries': {
    path: NoFields
    query: {
      limit?: number | undefined
      cursor?: string | undefined
      q?: string | undefined
      since?: string | undefined
      until?: string | undefined
      sink?: string | undefined
      status?: string | undefined
      subject?: string | undefined
    }
    body: undefined
    answer: {
      items: (Delivery)[]
      next_cursor: string | null
      whole_since?: string
    }
  }
  '/v1/deliveries/facets': {
    path: NoFields
    query: {
      q?: string | undefined
      since?: string | undefined
      until?: string | undefined
      sink?: string | undefined
      status?: string | undefined
      subject?: string | undefined
      fields?: string | undefined
      top?: number | undefined
    }
    body: undefined
    answer: Facets
  }
  '/v1/deliveries/histogram': {
    path: NoFields
    query: {
      q?: string | undefined
      since?: string | undefined
      until?: string | undefined
      sink?: string | undefined
      status?: string | undefined
      subject?: string | undefined
      buckets?: number | undefined
    }
    body: undefined
    answer: Histogram
  }
  '/v1/deliveries/export': {
    path: NoFields
    query: {
      q?: string | undefined
      since?: string | undefined
      until?: string | undefined
      sink?: string | undefined
      status?: string | undefined
      subject?: string | undefined
      format?: 'csv' | 'ndjson' | undefined
    }
    body: undefined
    answer: string
  }
  '/v1/deliveries/{id}': {
    path: {
      id: string
    }
    query: NoFields
    body: undefined
    answer: Delivery
  }
  '/v1/sinks': {
    path: NoFields
    query: NoFields
    body: undefined
    answer: {
      items: (Sink)[]
      next_cursor: string | null
      whole_since?: string
    }
  }
  '/v1/dead-letters': {
    path: NoFields
    query: {
      limit?: number | undefined
      cursor?: string | undefined
      service?: 'collector' | 'detector' | 'archiver' | 'responder' | undefined
      reason?: 'malformed' | 'unnamed' | 'invalid' | 'unsupported' | 'poison' | 'refused' | undefined
      since?: string | undefined
      until?: string | undefined
    }
    body: undefined
    answer: {
      items: (DeadLetter)[]
      next_cursor: string | null
      whole_since?: string
    }
  }
  '/v1/dead-letters/{id}': {
    path: {
      id: string
    }
    query: NoFields
    body: undefined
    answer: DeadLetter
  }
  '/v1/commands': {
    path: NoFields
    query: {
      limit?: number | undefined
      cursor?: string | undefined
      q?: string | undefined
      since?: string | undefined
      until?: string | undefined
      type?: string | undefined
      status?: string | undefined
      by?: string | undefined
    }
    body: undefined
    answer: {
      items: (CommandOutcome)[]
      next_cursor: string | null
      whole_since?: string
    }
  }
  '/v1/commands/facets': {
    path: NoFields
    query: {
      q?: string | undefined
      since?: string | undefined
      until?: string | undefined
      type?: string | undefined
      status?: string | undefined
      by?: string | undefined
      fields?: string | undefined
      top?: number | undefined
    }
    body: undefined
    answer: Facets
  }
  '/v1/commands/histogram': {
    path: NoFields
    query: {
      q?: string | undefined
      since?: string | undefined
      until?: string | undefined
      type?: string | undefined
      status?: string | undefined
      by?: string | undefined
      buckets?: number | undefined
    }
    body: undefined
    answer: Histogram
  }
  '/v1/commands/export': {
    path: NoFields
    query: {
      q?: string | undefined
      since?: string | undefined
      until?: string | undefined
      type?: string | undefined
      status?: string | undefined
      by?: string | undefined
      format?: 'csv' | 'ndjson' | undefined
    }
    body: undefined
    answer: string
  }
  '/v1/commands/{id}': {
    path: {
      id: string
    }
    query: NoFields
    body: undefined
    answer: CommandOutcome
  }
  '/v1/tokens/configured': {
    path: NoFields
    query: NoFields
    body: undefined
    answer: {
      items: ({
        name: string
        role: 'admin' | 'responder' | 'analyst' | 'ingest'
        scopes: ('live' | 'history')[]
      })[]
    }
  }
  '/v1/tokens': {
    path: NoFields
    query: {
      limit?: number | undefined
      cursor?: string | undefined
      q?: string | undefined
      since?: string | undefined
      until?: string | undefined
      name?: string | undefined
      role?: string | undefined
      status?: string | undefined
    }
    body: undefined
    answer: {
      items: (Token)[]
      next_cursor: string | null
      whole_since?: string
    }
  }
  '/v1/tokens/facets': {
    path: NoFields
    query: {
      q?: string | undefined
      since?: string | undefined
      until?: string | undefined
      name?: string | undefined
      role?: string | undefined
      status?: string | undefined
      fields?: string | undefined
      top?: number | undefined
    }
    body: undefined
    answer: Facets
  }
  '/v1/tokens/histogram': {
    path: NoFields
    query: {
      q?: string | undefined
      since?: string | undefined
      until?: string | undefined
      name?: string | undefined
      role?: string | undefined
      status?: string | undefined
      buckets?: number | undefined
    }
    body: undefined
    answer: Histogram
  }
  '/v1/tokens/export': {
    path: NoFields
    query: {
      q?: string | undefined
      since?: string | undefined
      until?: string | undefined
      name?: string | undefined
      role?: string | undefined
      status?: string | undefined
      format?: 'csv' | 'ndjson' | undefined
    }
    body: undefined
    answer: string
  }
  '/v1/tokens/{id}': {
    path: {
      id: string
    }
    query: NoFields
    body: undefined
    answer: Token
  }
  '/v1/audit': {
    path: NoFields
    query: {
      limit?: number | undefined
      cursor?: string | undefined
      q?: string | undefined
      since?: string | undefined
      until?: string | undefined
      act?: string | undefined
      by?: string | undefined
      status?: string | undefined
    }
    body: undefined
    answer: {
      items: (AuditEntry)[]
      next_cursor: string | null
      whole_since?: string
    }
  }
  '/v1/audit/facets': {
    path: NoFields
    query: {
      q?: string | undefined
      since?: string | undefined
      until?: string | undefined
      act?: string | undefined
      by?: string | undefined
      status?: string | undefined
      fields?: string | undefined
      top?: number | undefined
    }
    body: undefined
    answer: Facets
  }
  '/v1/audit/histogram': {
    path: NoFields
    query: {
      q?: string | undefined
      since?: string | undefined
      until?: string | undefined
      act?: string | undefined
      by?: string | undefined
      status?: string | undefined
      buckets?: number | undefined
    }
    body: undefined
    answer: Histogram
  }
  '/v1/audit/export': {
    path: NoFields
    query: {
      q?: string | undefined
      since?: string | undefined
      until?: string | undefined
      act?: string | undefined
      by?: string | undefined
      status?: string | undefined
      format?: 'csv' | 'ndjson' | undefined
    }
    body: undefined
    answer: string
  }
  '/v1/audit/{id}': {
    path: {
      id: string
    }
    query: NoFields
    body: undefined
    answer: AuditEntry
  }
  '/v1/audit/base': {
    path: NoFields
    query: {
      limit?: number | undefined
      cursor?: string | undefined
    }
    body: undefined
    answer: {
      items: (AuditEntry)[]
      next_cursor: string | null
      whole_since?: string
    }
  }
  '/v1/openapi.json': {
    path: NoFields
    query: NoFields
    body: undefined
    answer: {
      openapi: string
      paths: Record<string, unknown>
    }
  }
}

interface POST {
  '/v1/incidents/triage': {
    path: NoFields
    query: NoFields
    body: {
      incident_ids: (string)[]
      status?: 'new' | 'in_progress' | 'resolved' | 'suppressed' | 'archived' | undefined
      assignee?: string | null | undefined
      verdict?: 'true_positive' | 'false_positive' | 'benign' | undefined
      reason: string
    }
    answer: {
      command_id: string
    }
  }
  '/v1/incidents/{id}/triage': {
    path: {
      id: string
    }
    query: NoFields
    body: {
      status?: 'new' | 'in_progress' | 'resolved' | 'suppressed' | 'archived' | undefined
      assignee?: string | null | undefined
      verdict?: 'true_positive' | 'false_positive' | 'benign' | undefined
      reason: string
    }
    answer: {
      command_id: string
    }
  }
  '/v1/incidents/merge': {
    path: NoFields
    query: NoFields
    body: {
      incident_ids: (string)[]
      reason: string
    }
    answer: {
      command_id: string
    }
  }
  '/v1/incidents/{id}/split': {
    path: {
      id: string
    }
    query: NoFields
    body: {
      finding_ids: (string)[]
      reason: string
    }
    answer: {
      command_id: string
    }
  }
  '/v1/incidents/{id}/comments': {
    path: {
      id: string
    }
    query: NoFields
    body: {
      text: string
    }
    answer: {
      command_id: string
    }
  }
  '/v1/quarantines': {
    path: NoFields
    query: NoFields
    body: {
      identity: string
      reason: string
      action?: 'quarantine' | 'reduce-autonomy' | undefined
      expires_in_ms?: number | undefined
      force?: boolean | undefined
      finding_ids?: (string)[] | undefined
    }
    answer: {
      command_id: string
    }
  }
  '/v1/quarantines/{id}/release': {
    path: {
      id: string
    }
    query: NoFields
    body: {
      reason: string
    }
    answer: {
      command_id: string
    }
  }
  '/v1/quarantines/{id}/approve': {
    path: {
      id: string
    }
    query: NoFields
    body: {
      reason: string
    }
    answer: {
      command_id: string
    }
  }
  '/v1/suppressions': {
    path: NoFields
    query: NoFields
    body: {
      detector: string
      agent?: string | undefined
      target?: string | undefined
      peer?: string | undefined
      network?: string | undefined
      until: string
      reason: string
    }
    answer: {
      command_id: string
    }
  }
  '/v1/sinks/{name}/test': {
    path: {
      name: string
    }
    query: NoFields
    body: {
      reason?: string | undefined
    }
    answer: {
      command_id: string
    }
  }
  '/v1/commands': {
    path: NoFields
    query: NoFields
    body: {
      type: 'quarantine'
      identities: (string)[]
      reason: string
      action?: 'quarantine' | 'reduce-autonomy' | undefined
      expires_in_ms?: number | undefined
      force?: boolean | undefined
      finding_ids?: (string)[] | undefined
    } | {
      type: 'release'
      quarantine_ids: (string)[]
      reason: string
    } | {
      type: 'approve'
      quarantine_ids: (string)[]
      reason: string
    } | {
      type: 'verdict'
      finding_id: string
      detector: string
      agent: string
      verdict: 'true_positive' | 'false_positive' | 'benign'
      reason?: string | undefined
    } | {
      type: 'triage'
      incident_ids: (string)[]
      status?: 'new' | 'in_progress' | 'resolved' | 'suppressed' | 'archived' | undefined
      assignee?: string | null | undefined
      verdict?: 'true_positive' | 'false_positive' | 'benign' | undefined
      reason: string
    } | {
      type: 'merge'
      incident_ids: (string)[]
      reason: string
    } | {
      type: 'split'
      incident_id: string
      finding_ids: (string)[]
      findings: ({
        id: string
        agent: string
        owner: string
        severity: 'info' | 'low' | 'medium' | 'high' | 'critical'
        time: string
        detector: string
        techniques: (string)[]
        ties?: ({
          by: 'session' | 'credential' | 'peer' | 'identity'
          value: string
        })[] | undefined
      })[]
      reason: string
    } | {
      type: 'comment'
      incident_id: string
      text: string
    } | {
      type: 'suppress'
      detector: string
      agent?: string | undefined
      target?: string | undefined
      peer?: string | undefined
      network?: string | undefined
      until: string
      reason: string
    } | {
      type: 'unsuppress'
      suppression_id: string
      reason: string
    } | {
      type: 'stop'
      reason: string
    } | {
      type: 'resume'
      reason: string
    } | {
      type: 'replay'
      delivery_ids?: (string)[] | undefined
      sink?: string | undefined
    } | {
      type: 'enable-sink'
      sink: string
      reason: string
    } | {
      type: 'test-sink'
      sink: string
      reason?: string | undefined
    } | {
      type: 'create-token'
      name: string
      role: 'admin' | 'responder' | 'analyst' | 'ingest'
      scopes: ('live' | 'history')[]
      sha256: string
      expires_at?: string | undefined
      reason?: string | undefined
    } | {
      type: 'revoke-token'
      token_id: string
      reason: string
    } | {
      type: 'forget'
      identity: string
      reason: string
    }
    answer: {
      command_id: string
    }
  }
  '/v1/tokens': {
    path: NoFields
    query: NoFields
    body: {
      name: string
      role: 'admin' | 'responder' | 'analyst' | 'ingest'
      scopes?: ('live' | 'history')[] | undefined
      expires_at?: string | undefined
      reason?: string | undefined
    }
    answer: {
      command_id: string
      token: string
      in_force: boolean
    }
  }
}

interface PATCH {
}

interface DELETE {
  '/v1/suppressions/{id}': {
    path: {
      id: string
    }
    query: {
      reason: string
    }
    body: undefined
    answer: {
      command_id: string
    }
  }
  '/v1/tokens/{id}': {
    path: {
      id: string
    }
    query: {
      reason: string
    }
    body: undefined
    answer: {
      command_id: string
    }
  }
}

export interface Operations {
  GET: GET
  POST: POST
  PATCH: PATCH
  DELETE: DELETE
}
