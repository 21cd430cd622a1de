import { checkAccess } from './check-access.ts'
import { checkController } from './check-controller.ts'
import { checkCrd } from './check-crd.ts'
import { checkPods } from './check-pods.ts'
import { checkRoutes } from './check-routes.ts'
import { checkServer } from './check-server.ts'
import { checkWebhook } from './check-webhook.ts'
import type { ClusterFacts } from './facts.ts'
import type { CheckSection } from './finding.ts'

/** Judges a cluster, in the order in which things depend on one another. Pure. */
export const checkCluster = (facts: ClusterFacts, programVersion: string): readonly CheckSection[] => [
  checkServer(facts),
  checkCrd(facts, programVersion),
  checkController(facts, programVersion),
  checkWebhook(facts),
  checkAccess(facts),
  checkPods(facts, programVersion),
  checkRoutes(facts),
]
