import type { Cores } from '../process/cores.ts'
import { nginxVersion, startNginx } from '../process/nginx.ts'
import { freePorts, loopback } from '../process/ports.ts'
import { firstGoodAnswer } from '../process/ready.ts'
import type { Workspace } from '../process/workspace.ts'
import { startScripted } from './scripted.ts'
import type { Upstreams } from './upstreams.ts'

const body = '{"ok":true,"id":"a81bc81b","note":"a small JSON answer"}'

/** Two upstreams that answer as fast as this machine has: nginx, or Node where nginx is not installed. */
export async function startFast(cores: Cores, workspace: Workspace): Promise<Upstreams> {
  if (nginxVersion() === undefined) return startScripted(cores, ['fast', 'fast'])
  const ports = await freePorts(2)
  const child = startNginx(cores.surroundings, workspace, ports.map(server).join('\n'))
  await Promise.all(ports.map(port => firstGoodAnswer(child, port)))
  return { ports, software: 'nginx', stop: child.stop }
}

/**
 * `return` alone would answer before the body has arrived, and clients then rightly drop the connection. A
 * mirror reads the whole body first; the static module finds no file afterwards, and that becomes our 200.
 */
function server(port: number): string {
  return `  server {
    listen ${loopback}:${port} backlog=4096;
    client_body_buffer_size 256k;
    log_not_found off;
    default_type application/json;
    location / {
      if ($request_method = GET) { return 200 '${body}'; }
      mirror /read;
      error_page 403 404 405 =200 @answer;
    }
    location @answer { return 200 '${body}'; }
    location = /read { internal; return 204; }
  }`
}
