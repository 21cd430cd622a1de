import type { Logger } from '../../../src/core/logger.ts'
import type { SidecarOptions } from '../../../src/injector/sidecar-options.ts'

export const sidecar: SidecarOptions = { image: 'registry.example/fanout-relay:1.2.3', version: '1.2.3' }

export const silent: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
