/** Samples of Kubernetes audit events. */
import { clone, type FormatSamples, recorded } from './samples.ts'

const OWN: readonly unknown[] = [
  {
    kind: 'EventList',
    apiVersion: 'audit.k8s.io/v1',
    metadata: {},
    items: [
      {
        level: 'Metadata',
        auditID: '841d3e6d-0001',
        stage: 'ResponseComplete',
        requestURI: '/api/v1/namespaces/shop/secrets/db',
        verb: 'get',
        user: {
          username: 'system:serviceaccount:shop:invoice-agent',
          groups: ['system:serviceaccounts'],
          extra: {
            'authentication.kubernetes.io/pod-name': ['invoice-agent-7f'],
            'authentication.kubernetes.io/credential-id': ['JTI=0a1b'],
          },
        },
        sourceIPs: ['10.0.3.7'],
        userAgent: 'kubectl/v1.31.0 (linux/amd64)',
        objectRef: { resource: 'secrets', namespace: 'shop', name: 'db', apiVersion: 'v1' },
        responseStatus: { metadata: {}, code: 200 },
        requestReceivedTimestamp: '2026-03-01T12:00:00.123456Z',
        stageTimestamp: '2026-03-01T12:00:00.130000Z',
        annotations: { 'authorization.k8s.io/decision': 'allow' },
      },
      {
        level: 'Metadata',
        auditID: '841d3e6d-0002',
        stage: 'ResponseComplete',
        requestURI: '/api/v1/namespaces/shop/pods/web-1/exec?command=sh',
        verb: 'create',
        user: { username: 'ops@example.com' },
        impersonatedUser: { username: 'system:admin' },
        sourceIPs: ['192.0.2.8'],
        userAgent: 'kubectl/v1.31.0',
        objectRef: { resource: 'pods', subresource: 'exec', namespace: 'shop', name: 'web-1', apiVersion: 'v1' },
        responseStatus: { code: 403, reason: 'Forbidden' },
        requestReceivedTimestamp: '2026-03-01T12:00:01Z',
        annotations: { 'authorization.k8s.io/decision': 'forbid' },
      },
    ],
  },
  {
    kind: 'Event',
    apiVersion: 'audit.k8s.io/v1',
    auditID: '841d3e6d-0003',
    stage: 'ResponseComplete',
    verb: 'create',
    requestURI: '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings',
    user: { username: 'system:anonymous' },
    sourceIPs: ['203.0.113.9'],
    objectRef: { resource: 'clusterrolebindings', apiGroup: 'rbac.authorization.k8s.io', name: 'open' },
    responseStatus: { code: 201 },
    requestReceivedTimestamp: '2026-03-01T12:00:02Z',
  },
]

const itemsOf = (request: unknown): Record<string, unknown>[] => {
  const { items } = request as { items?: Record<string, unknown>[] }
  return items ?? [request as Record<string, unknown>]
}

/** Records that the vendor's tests cut down to nobody, or to a stage before the end, become no event. */
const isWhole = (record: unknown): boolean => {
  const { verb, objectRef, requestURI } = record as Record<string, unknown>
  if (verb === undefined || (objectRef ?? requestURI) === undefined) return false
  const { user, stage = 'ResponseComplete' } = record as { user?: { username?: string }; stage?: string }
  return (user?.username ?? '') !== '' && stage === 'ResponseComplete'
}

export const samples: FormatSamples = {
  own: OWN,
  recorded: [...recorded('k8s-audit.ndjson'), ...recorded('k8s-audit-eks.ndjson')].filter(isWhole),
  split: itemsOf,
  withTime: (request, iso) => {
    const copy = clone(request)
    for (const item of itemsOf(copy)) {
      delete item.stageTimestamp
      delete item.timestamp
      if (iso === undefined) delete item.requestReceivedTimestamp
      else item.requestReceivedTimestamp = iso
    }
    return copy
  },
}
