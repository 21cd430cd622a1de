import { expect, test } from 'vitest'
import { HostIndex } from '../../src/relay/host-index.ts'
import { RouteTable } from '../../src/relay/table.ts'
import { TableHolder } from '../../src/relay/table-holder.ts'

const tableNamed = (revision: string, released: string[]): RouteTable =>
  new RouteTable({
    revision,
    index: new HostIndex(),
    nearest: () => [],
    release: () => released.push(revision),
  })

test('requests on tables that were replaced count until they end, which is when a table lets go', () => {
  const released: string[] = []
  const [a, b, c] = [tableNamed('a', released), tableNamed('b', released), tableNamed('c', released)]
  const tables = new TableHolder()
  expect([tables.inUse, tables.current]).toEqual([0, undefined])
  tables.swap(a)
  a.enter()
  a.enter()
  tables.swap(b)
  b.enter()
  tables.swap(c)
  expect([tables.inUse, tables.current, released]).toEqual([3, c, []])
  b.leave()
  a.leave()
  expect([tables.inUse, released]).toEqual([1, ['b']])
  a.leave()
  expect([tables.inUse, released]).toEqual([0, ['b', 'a']])
})

test('a table that nobody uses lets go at once', () => {
  const released: string[] = []
  const tables = new TableHolder()
  tables.swap(tableNamed('a', released))
  tables.swap(tableNamed('b', released))
  expect(released).toEqual(['a'])
})
