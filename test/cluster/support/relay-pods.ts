import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { ControlPlane } from './control-plane.ts'

/** A pod with a relay, of which only the telemetry port exists. */
export interface RelayPod {
  readonly name: string
  /** What /routes answers. */
  routes: Record<string, number>
  /** How often it was asked. */
  readonly asked: number
  close(): void
}

/** Makes a pod object, says in its status what a kubelet would, and opens its telemetry port on loopback. */
export const startRelayPod = async (
  { request }: ControlPlane,
  namespace: string,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): Promise<RelayPod> => {
  let asked = 0
  const pod = { name, routes: {} as Record<string, number> }
  const server = createServer((_request, response) => {
    asked += 1
    response.end(JSON.stringify({ routes: pod.routes }))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const annotations = { 'fanoutrelay.dev/telemetry-port': String(port) }
  await must(request, 'POST', `/api/v1/namespaces/${namespace}/pods`, {
    metadata: { name, labels, annotations },
    spec: {
      initContainers: [{ name: 'fanout-relay', image: 'relay', restartPolicy: 'Always' }],
      containers: [{ name: 'app', image: 'app' }],
    },
  })
  await must(
    request,
    'PATCH',
    `/api/v1/namespaces/${namespace}/pods/${name}/status`,
    { status: { phase: 'Running', podIP: '127.0.0.1', podIPs: [{ ip: '127.0.0.1' }] } },
    'application/merge-patch+json',
  )
  return Object.defineProperty(Object.assign(pod, { close: () => void server.close() }), 'asked', {
    get: () => asked,
  }) as RelayPod
}

const must = async (
  request: ControlPlane['request'],
  method: string,
  path: string,
  body: unknown,
  contentType = 'application/json',
): Promise<void> => {
  const answer = await request(method, path, { body, contentType })
  if (answer.status >= 400) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`)
}
