import type { Call, CallContext, LegRequest, Outcome } from '../core/call.ts'

/**
 * Calls, and makes a rejection of what is thrown: a policy that holds something then has one place to give it
 * back, and whoever starts another's request is not hurt by its defect.
 */
export const startCall = (call: Call, request: LegRequest, context: CallContext): Promise<Outcome> => {
  try {
    return call(request, context)
  } catch (defect) {
    return Promise.reject(defect)
  }
}
