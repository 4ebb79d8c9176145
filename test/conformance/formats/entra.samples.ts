/** Samples of logs of Entra and Azure. */
import { clone, type FormatSamples, recorded } from './samples.ts'

const OWN: readonly unknown[] = [
  {
    records: [
      {
        time: '2026-03-01T12:00:00.123Z',
        resourceId: '/tenants/t1/providers/Microsoft.aadiam',
        operationName: 'Sign-in activity',
        category: 'ServicePrincipalSignInLogs',
        tenantId: 't1',
        resultType: '0',
        callerIpAddress: '192.0.2.8',
        properties: {
          id: 's-1',
          servicePrincipalId: 'sp-1',
          servicePrincipalName: 'invoice-agent',
          servicePrincipalCredentialKeyId: 'key-1',
          uniqueTokenIdentifier: 'uti-1',
          resourceDisplayName: 'Azure Storage',
          status: { errorCode: 0 },
        },
      },
      {
        time: '2026-03-01T12:00:01Z',
        operationName: 'Add member to role',
        category: 'AuditLogs',
        tenantId: 't1',
        properties: {
          id: 'a-1',
          result: 'success',
          activityDisplayName: 'Add member to role',
          initiatedBy: { user: { userPrincipalName: 'alice@example.com', ipAddress: '198.51.100.7' } },
          targetResources: [{ id: 'u-2', userPrincipalName: 'mallory@example.com', type: 'User' }],
        },
      },
    ],
  },
  {
    time: '2026-03-01T12:00:02Z',
    operationName: 'Sign-in activity',
    category: 'SignInLogs',
    tenantId: 't1',
    properties: {
      id: 's-2',
      userPrincipalName: 'bob@example.com',
      ipAddress: '203.0.113.9',
      status: { errorCode: 50126 },
      resourceDisplayName: 'Portal',
    },
  },
]

const recordsOf = (request: unknown): Record<string, unknown>[] => {
  const { records } = request as { records?: Record<string, unknown>[] }
  return records ?? [request as Record<string, unknown>]
}

const namesActor = (record: unknown): boolean => {
  const { properties, operationName } = record as { properties?: Record<string, unknown>; operationName?: string }
  const { initiatedBy, userPrincipalName, servicePrincipalId } = properties ?? {}
  const by = (initiatedBy ?? {}) as Record<string, Record<string, unknown> | null | undefined>
  const named = by.user?.userPrincipalName ?? by.app?.servicePrincipalId ?? userPrincipalName ?? servicePrincipalId
  return typeof named === 'string' && named !== '' && operationName !== undefined
}

export const samples: FormatSamples = {
  own: OWN,
  recorded: recorded('entra.ndjson').filter(namesActor),
  split: recordsOf,
  withTime: (request, iso) => {
    const copy = clone(request)
    for (const record of recordsOf(copy)) {
      const properties = record.properties as Record<string, unknown>
      delete properties.activityDateTime
      delete properties.createdDateTime
      if (iso === undefined) delete record.time
      else record.time = iso
    }
    return copy
  },
}
