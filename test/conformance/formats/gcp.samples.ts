/** Samples of Google Cloud audit logs. */
import { clone, type FormatSamples, flatWithTime, listOf, recorded } from './samples.ts'

const OWN: readonly unknown[] = [
  [
    {
      logName: 'projects/shop-1/logs/cloudaudit.googleapis.com%2Factivity',
      insertId: 'i-1',
      timestamp: '2026-03-01T12:00:00.123Z',
      resource: { type: 'gcs_bucket', labels: { project_id: 'shop-1', location: 'eu' } },
      protoPayload: {
        '@type': 'type.googleapis.com/google.cloud.audit.AuditLog',
        serviceName: 'storage.googleapis.com',
        methodName: 'storage.setIamPermissions',
        resourceName: 'projects/_/buckets/invoices',
        authenticationInfo: {
          principalEmail: 'invoice-agent@shop-1.iam.gserviceaccount.com',
          serviceAccountKeyName: '//iam.googleapis.com/projects/shop-1/serviceAccounts/invoice-agent/keys/k1',
          serviceAccountDelegationInfo: [{ firstPartyPrincipal: { principalEmail: 'alice@example.com' } }],
        },
        requestMetadata: { callerIp: '192.0.2.8', callerSuppliedUserAgent: 'gcloud/500.0' },
        authorizationInfo: [{ permission: 'storage.buckets.setIamPolicy', granted: true }],
        status: {},
      },
    },
    {
      logName: 'projects/shop-1/logs/cloudaudit.googleapis.com%2Fdata_access',
      insertId: 'i-2',
      timestamp: '2026-03-01T12:00:01Z',
      resource: { type: 'secretmanager', labels: { project_id: 'shop-1' } },
      protoPayload: {
        serviceName: 'secretmanager.googleapis.com',
        methodName: 'google.cloud.secretmanager.v1.SecretManagerService.AccessSecretVersion',
        resourceName: 'projects/1/secrets/db',
        authenticationInfo: { principalEmail: 'alice@example.com' },
        requestMetadata: { callerIp: '198.51.100.7' },
        status: { code: 7, message: 'PERMISSION_DENIED' },
      },
    },
  ],
  {
    logName: 'projects/shop-1/logs/cloudaudit.googleapis.com%2Factivity',
    insertId: 'i-3',
    timestamp: '2026-03-01T12:00:02Z',
    resource: { type: 'project', labels: { project_id: 'shop-1' } },
    protoPayload: {
      serviceName: 'cloudresourcemanager.googleapis.com',
      methodName: 'SetIamPolicy',
      resourceName: 'projects/shop-1',
      authenticationInfo: { principalEmail: 'bob@example.com' },
    },
  },
]

/** Those that the vendor wrote in small letters throughout have no nested names in common with the log. */
const namesActor = (record: unknown): boolean => {
  const { protoPayload } = record as {
    protoPayload?: { methodName?: string; authenticationInfo?: { principalEmail?: string } }
  }
  return (protoPayload?.methodName ?? '') !== '' && (protoPayload?.authenticationInfo?.principalEmail ?? '') !== ''
}

export const samples: FormatSamples = {
  own: OWN,
  recorded: recorded('gcp-audit.ndjson').filter(namesActor),
  split: listOf,
  withTime: (request, iso) => {
    const bare = (one: Record<string, unknown>): Record<string, unknown> => {
      const { receiveTimestamp: _, receivetimestamp: __, ...rest } = one
      return rest
    }
    const copy = clone(request)
    return flatWithTime('timestamp', listOf)(
      Array.isArray(copy) ? listOf(copy).map(bare) : bare(copy as Record<string, unknown>),
      iso,
    )
  },
}
