import { idle } from './idle.ts'
import { inFlightMemory } from './in-flight-memory.ts'
import { overload } from './overload.ts'
import { policies } from './policies.ts'
import { resilience } from './resilience.ts'
import { routes } from './routes.ts'
import type { Scenario } from './scenario.ts'
import { slowShadow } from './slow-shadow.ts'
import { uploadSlowAwaited } from './upload-slow-awaited.ts'
import { uploadSlowShadow } from './upload-slow-shadow.ts'

export const scenarios: readonly Scenario[] = [
  slowShadow,
  uploadSlowShadow,
  uploadSlowAwaited,
  inFlightMemory,
  idle,
  routes,
  policies,
  resilience,
  overload,
]
