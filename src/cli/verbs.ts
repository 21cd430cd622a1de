import { check } from './check.ts'
import { controller } from './controller.ts'
import { crd } from './crd.ts'
import { demo } from './demo.ts'
import { explain } from './explain.ts'
import { get } from './get.ts'
import { help } from './help.ts'
import { inject } from './inject.ts'
import { lint } from './lint.ts'
import { run } from './run.ts'
import { simulate } from './simulate.ts'
import type { Verb } from './verb.ts'
import { version } from './version.ts'

/** Every verb, in the order in which help and documentation list them. */
export const verbs: readonly Verb[] = [
  demo,
  run,
  lint,
  explain,
  simulate,
  controller,
  inject,
  check,
  get,
  crd,
  version,
  help,
]
