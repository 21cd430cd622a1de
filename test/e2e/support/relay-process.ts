import { onTestFinished } from 'vitest'
import {
  freePorts,
  type Launched,
  type LaunchOptions,
  launchRelay,
  type RelayProcess,
  whenServing,
} from './running-relay.ts'

export { binary, freePorts, type Launched, type LogLine, type RelayProcess } from './running-relay.ts'

export interface StartOptions extends LaunchOptions {
  readonly args?: readonly string[]
  /** Where it is to listen. Defaults to a free port of 127.0.0.1 for each purpose. */
  readonly ports?: readonly string[]
}

/** Runs the product as a process of its own, which is killed when the test ends. */
export const spawnRelay = (args: readonly string[], options: LaunchOptions = {}): Launched => {
  const launched = launchRelay(args, options)
  onTestFinished(() => void launched.child.kill('SIGKILL'))
  return launched
}

/** As `spawnRelay` with the verb `run`, once its routes are loaded. */
export const startRelayProcess = (
  routes: string,
  { args = [], ports = freePorts, ...options }: StartOptions = {},
): Promise<RelayProcess> => whenServing(spawnRelay(['run', routes, ...ports, ...args], options))
