import { dirname } from 'node:path'
import { startControlPlane } from './control-plane.ts'

/** Starts a control plane, says where it is and stays until it is killed. */
const { pids, caFile } = await startControlPlane()
console.log(JSON.stringify({ ...pids, directory: dirname(caFile) }))
setInterval(() => {}, 60_000)
