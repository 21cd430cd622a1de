import { nginxVersion, startNginx } from '../process/nginx.ts'
import { freePorts, loopback } from '../process/ports.ts'
import { firstGoodAnswer, listening } from '../process/ready.ts'
import { type Candidate, type Job, whenReady } from './candidate.ts'

const version = nginxVersion()

export const nginx: Candidate = {
  name: 'nginx mirror',
  modes: ['shadow', 'single'],
  version: version ?? '',
  missing: version === undefined ? 'the package nginx is not installed' : undefined,
  async start(job, { cores, workspace }) {
    const [port = 0] = await freePorts(1)
    const launch = () => startNginx(cores.candidate, workspace, configuration(port, job))
    return whenReady(port, launch, child =>
      job.silentUpstreams ? listening(child, port) : firstGoodAnswer(child, port),
    )
  },
}

function configuration(port: number, job: Job): string {
  const mirror = `
    location = /mirror { internal; proxy_pass http://shadow$request_uri; }`
  return `
  ${upstream('primary', job.primary)}
  ${upstream('shadow', job.secondary)}
  proxy_http_version 1.1;
  proxy_set_header Connection "";
  proxy_read_timeout ${job.requestTimeoutSeconds ?? 10}s;
  client_body_buffer_size 256k;
  server {
    listen ${loopback}:${port} backlog=4096;
    location / { ${job.mode === 'shadow' ? 'mirror /mirror;' : ''} proxy_pass http://primary; }${job.mode === 'shadow' ? mirror : ''}
  }`
}

function upstream(name: string, port: number): string {
  return `upstream ${name} { server ${loopback}:${port}; keepalive 256; keepalive_requests 1000000000; }`
}
