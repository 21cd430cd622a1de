import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'

const guard = path.resolve(import.meta.dirname, '../../bin/require-node.cjs')
const launcher = path.resolve(import.meta.dirname, '../../bin/fanout-relay')

const ownNode = '/usr/bin/node'
const version = existsSync(ownNode)
  ? spawnSync(ownNode, ['-p', 'process.versions.node'], { encoding: 'utf8' })
  : undefined
const isOld = version !== undefined && Number(version.stdout.split('.')[0]) < 24
if (!isOld) console.warn(`SKIPPED: ${ownNode} is no Node that is too old`)

test.skipIf(!isOld)('a Node that is too old is refused with what is needed and how to get it', () => {
  const { status, stdout, stderr } = spawnSync(ownNode, [guard], { encoding: 'utf8' })
  expect([status, stdout]).toEqual([2, ''])
  expect(stderr).toContain(`Node ${version!.stdout.trim()} is not supported`)
  expect(stderr).toMatch(/why: .*24\.18\.1.*26\.5\.1/)
  expect(stderr).toMatch(/fix: .*npm ci.*FANOUT_NODE/)
})

test('the Node that npm installed is accepted', () => {
  const { status, stderr } = spawnSync(process.execPath, [guard], { encoding: 'utf8' })
  expect([status, stderr]).toEqual([0, ''])
})

/** Says that it is another version, as the guard sees it. */
const pretend = (node: string) => [
  '-e',
  `Object.defineProperty(process,'versions',{value:{node:'${node}'}});require(${JSON.stringify(guard)})`,
]

test.each([
  ['18.20.0', 2],
  ['22.99.0', 2],
  ['24.18.0', 2],
  ['24.18.1', 0],
  ['24.19.0', 0],
  ['25.9.0', 2],
  ['26.5.0', 2],
  ['26.5.1', 0],
  ['26.10.0', 0],
  ['27.0.0', 0],
])('Node %s ends with %i', (node, code) => {
  expect(spawnSync(process.execPath, pretend(node)).status).toBe(code)
})

test.skipIf(!isOld)('the launcher refuses it too, when told to use it', () => {
  const env = { PATH: process.env['PATH'], FANOUT_NODE: ownNode }
  const { status, stdout, stderr } = spawnSync(launcher, ['version'], { env, encoding: 'utf8' })
  expect([status, stdout]).toEqual([2, ''])
  expect(stderr).toContain('is not supported')
})
