import { injectionLabel } from '../../api/labels.ts'
import type { Location } from '../../api/problem.ts'
import { decide } from '../decide.ts'
import { misplacedOnWorkload } from '../misplaced-on-workload.ts'
import type { InjectionProblem, SkipReason } from '../outcome.ts'
import type { SidecarOptions } from '../sidecar-options.ts'
import { isProblem, readPod } from './pod-shape.ts'
import { type FoundPod, isObject, podsOf } from './workloads.ts'
import { type ManifestDocument, NotYaml, parseManifest } from './yaml-manifest.ts'

export interface ManifestFile {
  readonly name: string
  readonly text: string
}

/** What an author of manifests is to be told. An `error` has a fix; with an error, nothing of the output may be used. */
export interface Note {
  readonly severity: 'error' | 'warning' | 'info'
  readonly location: Location
  readonly message: string
  readonly fix?: string
}

export interface InjectedManifests {
  readonly documents: readonly ManifestDocument[]
  readonly notes: readonly Note[]
  /** Workloads that got a relay: `Deployment/checkout`. */
  readonly injected: readonly string[]
}

/** Whoever has a manifest injected wants it to be, whatever its namespace says. */
const asked = { [injectionLabel]: 'enabled' }

const skipReasons: Readonly<Record<SkipReason, string>> = {
  not_opted_in: 'it is not opted in',
  opted_out: 'its label says so',
  already_injected: 'it has a relay already',
  mirror_pod: 'it is a mirror pod',
  windows: 'the relay does not run on Windows nodes',
}

/** Puts a relay into every pod of some manifests, by the same rules as the webhook. Other kinds pass as they are. */
export const injectManifests = (
  files: readonly ManifestFile[],
  options: SidecarOptions,
): InjectedManifests => {
  const documents: ManifestDocument[] = []
  const notes: Note[] = []
  const injected: string[] = []
  for (const file of files) for (const document of read(file)) injectDocument(document)
  return { documents, notes, injected }

  function read({ name, text }: ManifestFile): readonly ManifestDocument[] {
    try {
      return parseManifest(text, name)
    } catch (error) {
      if (!(error instanceof NotYaml)) throw error
      const fix = 'mend this place; a wrong indent or a missing quote just before it is the usual cause'
      notes.push({
        severity: 'error',
        location: error.location,
        message: `not valid YAML: ${error.message}`,
        fix,
      })
      return []
    }
  }

  function injectDocument(document: ManifestDocument): void {
    documents.push(document)
    if (!isObject(document.value)) {
      const message = 'this document is not a Kubernetes object'
      notes.push({
        severity: 'error',
        location: document.locate([]),
        message,
        fix: 'begin it with apiVersion and kind',
      })
    }
    for (const pod of podsOf(document.value)) injectPod(document, pod)
  }

  function injectPod(document: ManifestDocument, found: FoundPod): void {
    const { workload, base, template, object, value } = found
    const path = [...base, ...template]
    for (const { message, fix, path: inObject } of misplacedOnWorkload(object, template)) {
      const location = document.locate([...base, ...inObject])
      notes.push({ severity: 'warning', location, message: `${workload}: ${message}`, fix })
    }
    const at = (inPod: InjectionProblem['path'] = []) => document.locate([...path, ...inPod])
    const fail = ({ message, fix, path: inPod }: InjectionProblem): void => {
      notes.push({ severity: 'error', location: at(inPod), message: `${workload}: ${message}`, fix })
    }
    const pod = readPod(value)
    if (isProblem(pod)) return fail(pod)
    const decision = decide(pod, asked, options)
    for (const warning of decision.warnings)
      notes.push({ severity: 'warning', location: at(), message: `${workload}: ${warning}` })
    if (decision.result === 'denied') decision.problems.forEach(fail)
    else if (decision.result === 'skipped') {
      const message = `${workload} is left as it is: ${skipReasons[decision.reason]}`
      notes.push({ severity: 'info', location: at(), message })
    } else {
      document.patch(path, decision.patch)
      injected.push(workload)
    }
  }
}
