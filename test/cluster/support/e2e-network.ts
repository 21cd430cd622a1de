import { readFileSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import net from 'node:net'

/*
 * Loaded into a relay with --import: what the cluster's DNS and its kube-proxy do for a pod. A connection to a Service
 * (`inventory.shop.svc`, port 8080) goes to the port of 127.0.0.1 that the file named by CLUSTER_NETWORK has for it;
 * any other connection is left as it is. The relay itself knows nothing of this: names, Host headers and pools are
 * those it would have in a cluster.
 */

const file = process.env['CLUSTER_NETWORK']

const connect = net.connect

if (file) {
  const toService = (options: net.NetConnectOpts, ...rest: []) => {
    const { host = '', port = 0 } = options as net.TcpNetConnectOpts
    if (!host.endsWith('.svc')) return connect(options, ...rest)
    const services = JSON.parse(readFileSync(file, 'utf8')) as Readonly<Record<string, number>>
    const local = services[`${host}:${port}`]
    // As a name that DNS does not know, or a port that the Service has not.
    return connect({ ...options, host: '127.0.0.1', port: local ?? 1 }, ...rest)
  }
  net.connect = toService as typeof net.connect
  syncBuiltinESMExports()
}
