import type { ApiError, ApiErrorReason } from '../kubernetes/api-error.ts'
import { type CheckFinding, finding } from './finding.ts'

const codes: Partial<Record<ApiErrorReason, string>> = {
  connection: 'FR0200',
  timeout: 'FR0200',
  tls: 'FR0201',
  unauthorized: 'FR0202',
  credentials: 'FR0202',
  forbidden: 'FR0203',
}

/** A request to the API server that failed, as a finding. `server` = its address, where that is known. */
export const serverFinding = ({ reason, message, fix }: ApiError, server = ''): CheckFinding =>
  finding(codes[reason] ?? 'FR0204', {
    where: `API server${server && ` ${server}`}`,
    message,
    ...(fix !== undefined && { fix }),
  })
