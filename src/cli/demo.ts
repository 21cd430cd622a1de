import path from 'node:path'
import { crmApi, type DemoApi, inventoryApi, type RunningApi, startDemoApi } from './demo-apis.ts'
import { renderDemo } from './demo-text.ts'
import { exampleDirectory } from './example-directory.ts'
import { fileRoutes } from './file-routes.ts'
import { noArguments } from './paths.ts'
import { relayConfig, relayOptions } from './relay-options.ts'
import { runRelay } from './run-relay.ts'
import { defineVerb } from './verb.ts'

/** Nobody has to be told that the demo is going to stop. */
const demoOptions = {
  ...relayOptions,
  drainDelay: { ...relayOptions.drainDelay, default: '0s', defaultText: '0s' },
}

export const demo = defineVerb(
  {
    name: 'demo',
    summary: 'Start two APIs and a relay in front of them, and show what to send',
    arguments: '',
    description: [
      'Inventory (port 9001) takes 2 s, CRM (port 9002) takes 1.5 s; an order goes to both at once.',
      'The route is examples/orders/orders.yaml. Ctrl-C stops everything.',
    ],
    options: demoOptions,
    examples: [
      ['fanout-relay demo', 'then copy one of the commands it prints'],
      ['fanout-relay demo --listen 8080', 'when port 4780 is taken'],
    ],
  },
  async (input, io) => {
    noArguments('demo', input.positionals)
    const directory = exampleDirectory('orders')
    const routes = path.relative('', directory) || directory
    const running: RunningApi[] = []
    try {
      for (const api of [inventoryApi, crmApi]) running.push(await startDemoApi(api).catch(refuse(api)))
      const config = relayConfig(input, await fileRoutes([routes]), io.machine)
      const onListening = ({ data, admin }: { data: readonly string[]; admin: readonly string[] }) =>
        io.stdout(renderDemo({ data: data[0]!, admin: admin[0]!, routes: path.join(routes, 'orders.yaml') }))
      return await runRelay({ ...config, onListening }, io)
    } catch (error) {
      if (!(error instanceof DemoApiError)) throw error
      io.stderr(`fanout-relay: ${error.message}\n`)
      return 1
    } finally {
      await Promise.all(running.map(api => api.stop()))
    }
  },
)

class DemoApiError extends Error {}

const refuse =
  ({ name, port }: DemoApi) =>
  (error: NodeJS.ErrnoException): never => {
    const why = error.code === 'EADDRINUSE' ? 'another process listens there' : (error.code ?? error.message)
    const fix = `end that process (lsof -i :${port} names it) and start the demo again`
    throw new DemoApiError(`the demo API ${name} cannot open 127.0.0.1:${port}\n  why: ${why}\n  fix: ${fix}`)
  }
