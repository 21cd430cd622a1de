import { readFile } from 'node:fs/promises'
import { maxFileBytes } from '../config/limits.ts'
import { buildInfo } from '../serve/build-info.ts'
import type { Io } from './io.ts'
import type { Option } from './option.ts'
import { toJson } from './output-option.ts'
import { manifestFiles } from './paths.ts'
import { runAsUser } from './run-as-user.ts'
import { UsageError } from './usage-error.ts'
import { choice, texts } from './values.ts'
import { defineVerb } from './verb.ts'

const file: Option<readonly string[]> = {
  flag: 'file',
  short: 'f',
  value: 'FILE',
  repeatable: true,
  positional: true,
  description: 'Manifests to inject; - is standard input. They may also simply follow the verb.',
  default: '',
  read: texts,
}

const output: Option<'yaml' | 'json'> = {
  flag: 'output',
  short: 'o',
  value: 'FORMAT',
  description: 'yaml keeps comments and order; json is a List when there are several documents.',
  default: 'yaml',
  read: choice('yaml', 'json'),
}

const image: Option<string> = {
  flag: 'image',
  value: 'IMAGE',
  description: 'Image of the relay.',
  default: `fanout-relay/fanout-relay:${buildInfo.version}`,
  read: ([given = '']) => given,
}

const user: Option<number | 'none'> = {
  flag: 'run-as-user',
  value: 'ID',
  description: 'User and group of the relay; none = leave them to the cluster, as OpenShift wants it.',
  default: '65532',
  read: runAsUser,
}

export const inject = defineVerb(
  {
    name: 'inject',
    summary: 'Print manifests with the relay in their pods, for clusters without the webhook',
    arguments: 'FILE…',
    description: [
      'Deployments, StatefulSets, DaemonSets, ReplicaSets, Jobs, CronJobs and Pods get the relay; everything else passes as it is.',
      'Annotations and labels mean what they mean to the webhook (docs/kubernetes/injection.md). Injecting twice changes nothing.',
      'Comments stay, but not in a document with YAML aliases: that one is written out anew.',
      'Exit code 0 = printed, 1 = an error, and then nothing is printed, 2 = wrong usage.',
    ],
    options: { file, output, image, runAsUser: user },
    examples: [
      ['fanout-relay inject -f deployment.yaml | kubectl apply -f -', 'inject and apply'],
      [
        'kubectl get deploy checkout -o yaml | fanout-relay inject -f - | kubectl apply -f -',
        'what already runs',
      ],
    ],
  },
  async ({ values, positionals }, io) => {
    const paths = manifestFiles('inject', positionals.length > 0 ? positionals : values.file)
    const files = await Promise.all(
      paths.map(async path => ({ name: nameOf(path), text: await read(path, io) })),
    )
    // Loaded here because the other verbs do not need the injector.
    const { injectManifests } = await import('../injector/manifests/inject-manifests.ts')
    const { documents, notes, injected } = injectManifests(files, {
      image: values.image,
      version: buildInfo.version,
      runAsUser: values.runAsUser,
      // Whoever may apply a manifest may choose its image.
      allowedImages: ['*'],
    })
    for (const { severity, location, message, fix } of notes) {
      io.stderr(`${location.file}:${location.line}:${location.column}  ${severity}  ${message}\n`)
      if (fix) io.stderr(`  fix: ${fix}\n`)
    }
    if (notes.some(({ severity }) => severity === 'error')) return 1
    if (injected.length === 0) io.stderr('nothing was injected: no pod here is to get a relay\n')
    if (values.output === 'yaml') {
      io.stdout(documents.map((document, index) => document.toYaml({ first: index === 0 })).join(''))
    } else {
      const objects = documents.map(document => document.toValue())
      io.stdout(
        toJson(objects.length === 1 ? objects[0] : { apiVersion: 'v1', kind: 'List', items: objects }),
      )
    }
    return 0
  },
)

const nameOf = (path: string): string => (path === '-' ? '<stdin>' : path)

/** @throws UsageError for what is no text of bearable size */
const read = async (path: string, io: Io): Promise<string> => {
  const bytes = path === '-' ? await io.stdin(maxFileBytes) : await readFile(path).catch(unreadable(path))
  if (bytes.length > maxFileBytes)
    throw new UsageError(`${nameOf(path)} is larger than ${maxFileBytes / 1024 / 1024} MiB`, {
      fix: 'split it',
    })
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new UsageError(`${nameOf(path)} is not UTF-8 text`, { fix: 'save the file as UTF-8' })
  }
}

const unreadable =
  (path: string) =>
  (error: NodeJS.ErrnoException): never => {
    const why = error.code === 'EISDIR' ? 'it is a directory' : (error.code ?? error.message)
    throw new UsageError(`${path} cannot be read`, {
      why,
      fix: 'name a file with manifests, or - for standard input',
    })
  }
