import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { directoryWith } from '../../cli/fixtures.ts'

/** What a path answers: a status, or an object with status 200. */
export type Answer = number | object

export interface ScriptedApi {
  readonly url: string
  /** Path of a kubeconfig that leads to it; its context is in namespace `shop`. */
  readonly kubeconfig: string
  /** `GET /path`, without queries. */
  readonly requests: readonly string[]
}

/** An API server of fixed answers, by path without query; what is not among them answers 404. */
export const startScriptedApi = async (
  answers: Readonly<Record<string, Answer>>,
  otherwise: Answer = 404,
): Promise<ScriptedApi> => {
  const requests: string[] = []
  const server = createServer((request, response) => {
    request.resume()
    const path = (request.url ?? '').replace(/\?.*/, '')
    requests.push(`${request.method} ${path}`)
    const answer = answers[path] ?? otherwise
    const status = typeof answer === 'number' ? answer : 200
    const body =
      typeof answer === 'number' ? { kind: 'Status', message: `scripted ${answer}`, code: answer } : answer
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => close(server))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { url, kubeconfig: kubeconfigTo(url), requests }
}

const close = (server: Server): Promise<void> => {
  server.closeAllConnections()
  return new Promise(resolve => server.close(() => resolve()))
}

export const kubeconfigTo = (server: string): string => {
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    clusters: [{ name: 'test', cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'test', user: { token: 'scripted' } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test', namespace: 'shop' } }],
  }
  return join(directoryWith({ config: JSON.stringify(config) }), 'config')
}

export const listOf = (...items: readonly unknown[]): object => ({
  metadata: { resourceVersion: '10' },
  items,
})
