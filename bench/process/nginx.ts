import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Child, startChild } from './child.ts'
import { pinned } from './cores.ts'
import type { Workspace } from './workspace.ts'

export function nginxVersion(): string | undefined {
  const answer = spawnSync('nginx', ['-v'], { encoding: 'utf8' })
  return answer.status === 0 ? answer.stderr.trim().replace('nginx version: ', '') : undefined
}

/** Runs an nginx of our own: one worker, no access log, all its files in the workspace. */
export function startNginx(core: number | undefined, workspace: Workspace, http: string): Child {
  const folder = workspace.folder('nginx')
  const file = join(folder, 'nginx.conf')
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  writeFileSync(
    file,
    `${process.getuid?.() === 0 ? 'user root;' : ''}
daemon off;
worker_processes 1;
worker_rlimit_nofile 16384;
pid ${folder}/pid;
error_log stderr crit;
events { worker_connections 8192; }
http {
  access_log off;
  ${temporary.map(name => `${name}_temp_path ${folder}/${name};`).join('\n  ')}
  keepalive_requests 1000000000;
  keepalive_timeout 3600s;
  client_max_body_size 64m;
${http}
}
`,
  )
  return startChild(pinned(core, ['nginx', '-p', folder, '-c', file, '-e', 'stderr']))
}
