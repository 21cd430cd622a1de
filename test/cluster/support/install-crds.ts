import { join } from 'node:path'
import { expect } from 'vitest'
import { eventually } from '../../support/eventually.ts'
import type { ControlPlane } from './control-plane.ts'

const crds = join(import.meta.dirname, '../../../crds')

/** Applies the project's CRDs, and waits until the API server serves what they define, which takes it a moment. */
export const installCrds = async (plane: ControlPlane): Promise<void> => {
  expect(await plane.kubectl('apply', '--server-side', '-f', crds)).toMatchObject({ code: 0 })
  await eventually(async () => {
    const { status } = await plane.request('GET', '/apis/fanoutrelay.dev/v1alpha1/fanoutroutes')
    expect(status).toBe(200)
  }, 30_000)
}
