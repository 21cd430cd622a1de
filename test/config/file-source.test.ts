import { execFileSync } from 'node:child_process'
import { mkdirSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { fileSource } from '../../src/config/file-source.ts'
import { directoryWith, follow, route, until } from './fixtures.ts'

/** "Well within a second", with room for a busy machine. */
const soon = 900

describe('following files', () => {
  test('publishes at once, and not again when nothing changed', async () => {
    const directory = directoryWith({ 'a.yaml': route('one') })
    const followed = await follow([directory], { pollMs: 10 })
    writeFileSync(path.join(directory, 'a.yaml'), route('one'))
    writeFileSync(path.join(directory, 'notes.txt'), 'none of our business')
    // A later change shows that the earlier ones have been looked at.
    writeFileSync(path.join(directory, 'b.yaml'), route('two'))
    await until(followed.ids, ids => ids.length === 2)
    const same = followed.snapshots.slice(0, -1)
    expect(same.every(({ routes }) => routes.length === 1)).toBe(true)
    expect(followed.snapshots).toHaveLength(2)
  })

  test('sees an edit in place, also of the same length', async () => {
    const directory = directoryWith({ 'a.yaml': route('one', 'http://a:1') })
    const followed = await follow([directory])
    for (const url of ['http://a:2', 'http://a:3', 'http://a:4']) {
      writeFileSync(path.join(directory, 'a.yaml'), route('one', url))
      await until(
        () => followed.urlOf('default/one'),
        seen => seen === url,
        soon,
      )
    }
  })

  test('sees a file replaced by renaming, as editors save', async () => {
    const directory = directoryWith({ 'a.yaml': route('one', 'http://a:1') })
    const followed = await follow([path.join(directory, 'a.yaml')])
    writeFileSync(path.join(directory, '.a.yaml.swp'), route('one', 'http://a:2'))
    renameSync(path.join(directory, '.a.yaml.swp'), path.join(directory, 'a.yaml'))
    await until(
      () => followed.urlOf('default/one'),
      seen => seen === 'http://a:2',
      soon,
    )
  })

  test('sees the link swap of a ConfigMap, from one whole version to the next', async () => {
    const directory = directoryWith({
      '..v1/a.yaml': route('one', 'http://old:1'),
      '..v1/b.yaml': route('two', 'http://old:1'),
      '..v2/a.yaml': route('one', 'http://new:1'),
      '..v2/b.yaml': route('two', 'http://new:1'),
    })
    symlinkSync('..v1', path.join(directory, '..data'))
    for (const name of ['a.yaml', 'b.yaml']) symlinkSync(`..data/${name}`, path.join(directory, name))
    const followed = await follow([directory])
    // As kubelet does: a new link, renamed over the old one, then the old version removed.
    symlinkSync('..v2', path.join(directory, '..data_tmp'))
    renameSync(path.join(directory, '..data_tmp'), path.join(directory, '..data'))
    rmSync(path.join(directory, '..v1'), { recursive: true })
    await until(
      () => ['default/one', 'default/two'].map(followed.urlOf),
      urls => urls.every(url => url === 'http://new:1'),
      soon,
    )
    expect(followed.snapshots).toHaveLength(2)
  })

  test('sees a new file, a deleted one and one made again', async () => {
    const directory = directoryWith({ 'a.yaml': route('one') })
    const followed = await follow([directory])
    const has = (...names: string[]) =>
      until(
        () => followed.ids().join(),
        ids => ids === names.map(name => `default/${name}`).join(),
        soon,
      )
    writeFileSync(path.join(directory, 'b.yaml'), route('two'))
    await has('one', 'two')
    unlinkSync(path.join(directory, 'a.yaml'))
    await has('two')
    writeFileSync(path.join(directory, 'a.yaml'), route('again'))
    await has('again', 'two')
  })

  test('keeps the routes of a directory that is gone, and sees it come back', async () => {
    const directory = directoryWith({ 'routes/a.yaml': route('one'), 'routes/b.yaml': route('two') })
    const routes = path.join(directory, 'routes')
    const followed = await follow([routes])
    rmSync(routes, { recursive: true })
    const gone = await until(
      () => followed.snapshots.at(-1)!,
      ({ problems }) => problems.length > 0 && problems[0]!.location!.file === routes,
      soon,
    )
    expect(gone.problems).toMatchObject([{ severity: 'warning', code: 'FR0112' }])
    expect(followed.ids().length).toBeGreaterThan(0)

    mkdirSync(routes)
    writeFileSync(path.join(routes, 'c.yaml'), route('three'))
    await until(
      () => [followed.ids().join(), followed.codes().join()],
      ([ids, codes]) => ids === 'default/three' && codes === '',
      soon,
    )
    // The new directory is watched as the old one was.
    writeFileSync(path.join(routes, 'd.yaml'), route('four'))
    await until(followed.ids, ids => ids.includes('default/four'), soon)
  })

  test('keeps the route of a file given by name that is gone', async () => {
    const directory = directoryWith({ 'a.yaml': route('one') })
    const file = path.join(directory, 'a.yaml')
    const followed = await follow([file])
    unlinkSync(file)
    await until(followed.codes, codes => codes.join() === 'FR0112', soon)
    expect(followed.ids()).toEqual(['default/one'])
    writeFileSync(file, route('two'))
    await until(followed.ids, ids => ids.join() === 'default/two', soon)
    expect(followed.codes()).toEqual([])
  })

  test('sees changes that the system does not announce, by polling', async () => {
    // The directory of the link's target is not watched.
    const elsewhere = directoryWith({ 'real.yaml': route('one', 'http://a:1') })
    const directory = directoryWith({})
    symlinkSync(path.join(elsewhere, 'real.yaml'), path.join(directory, 'a.yaml'))
    const followed = await follow([directory], { pollMs: 50 })
    writeFileSync(path.join(elsewhere, 'real.yaml'), route('one', 'http://a:2'))
    await until(
      () => followed.urlOf('default/one'),
      seen => seen === 'http://a:2',
      soon,
    )
  })

  test('sees a change of backends', async () => {
    const directory = directoryWith({ 'a.yaml': route('one'), 'backends.yaml': 'x: http://x:1\n' })
    const followed = await follow([directory])
    writeFileSync(path.join(directory, 'backends.yaml'), 'x: http://x:2\n')
    await until(
      () => followed.snapshots.at(-1)!.backends!.get('x'),
      url => url === 'http://x:2',
      soon,
    )
  })
})

describe('a file that breaks while it is followed', () => {
  test.each([
    ['half-written YAML', route('one').replace('http://127.0.0.1:9001', '"http'), 'FR0001'],
    ['half-written, but YAML', 'apiVersion: fanoutrelay.dev/v1alpha1\nkind: FanOutR', 'FR0006'],
    ['cut before its kind', 'apiVersion: fanoutrelay.dev/v1alpha1\n', 'FR0003'],
    ['cut before its name', 'apiVersion: fanoutrelay.dev/v1alpha1\nkind: FanOutRoute\nmetadata:\n', 'FR0003'],
    ['emptied', '', 'FR0117'],
    ['grown too large', `${route('one')}${'#'.repeat(4 * 1024 * 1024)}`, 'FR0045'],
  ])('keeps its routes when %s, says so, and recovers', async (_, text, code) => {
    const directory = directoryWith({ 'a.yaml': route('one', 'http://a:1'), 'b.yaml': route('two') })
    const followed = await follow([directory])
    writeFileSync(path.join(directory, 'a.yaml'), text)
    await until(followed.codes, codes => codes.join() === code, soon)
    expect(followed.urlOf('default/one')).toBe('http://a:1')
    expect(followed.ids()).toEqual(['default/one', 'default/two'])
    expect(followed.snapshots.at(-1)!.problems[0]!.location!.file).toBe(path.join(directory, 'a.yaml'))

    writeFileSync(path.join(directory, 'a.yaml'), route('one', 'http://a:2'))
    await until(followed.codes, codes => codes.length === 0, soon)
    expect(followed.urlOf('default/one')).toBe('http://a:2')
  })

  test('keeps the entries of a backends file', async () => {
    const directory = directoryWith({ 'a.yaml': route('one'), 'backends.yaml': 'x: http://x:1\n' })
    const followed = await follow([directory])
    writeFileSync(path.join(directory, 'backends.yaml'), 'x: http\n')
    await until(followed.codes, codes => codes.join() === 'FR0044', soon)
    expect(followed.snapshots.at(-1)!.backends!.get('x')).toBe('http://x:1')
  })
})

test('what is followed is files: a pipe is a warning, and nothing waits for its writer', async () => {
  const pipe = path.join(directoryWith({}), 'a.yaml')
  execFileSync('mkfifo', [pipe])
  const followed = await follow([pipe])
  expect(followed.snapshots.at(-1)!.problems).toMatchObject([{ severity: 'warning', code: 'FR0112' }])
  unlinkSync(pipe)
  writeFileSync(pipe, route('one'))
  await until(followed.ids, ids => ids.join() === 'default/one', soon)
})

test('files that did not change are not parsed again', async () => {
  const directory = directoryWith({ 'a.yaml': route('one'), 'b.yaml': route('two') })
  const followed = await follow([directory])
  writeFileSync(path.join(directory, 'b.yaml'), route('two', 'http://b:2'))
  await until(
    () => followed.snapshots.length,
    count => count === 2,
  )
  const [before, after] = followed.snapshots
  expect(after!.routes[0]!.object).toBe(before!.routes[0]!.object)
  expect(after!.routes[1]!.object).not.toBe(before!.routes[1]!.object)
})

test('the signal ends it at once and leaves no timer behind', async () => {
  const timers = () => process.getActiveResourcesInfo().filter(name => name === 'Timeout').length
  const before = timers()
  const directory = directoryWith({ 'a.yaml': route('one') })
  const followed = await follow([directory], { pollMs: 60_000 })
  const start = performance.now()
  await followed.stop()
  expect(performance.now() - start).toBeLessThan(500)
  expect(timers()).toBe(before)
  expect(followed.snapshots).toHaveLength(1)
})

test('a signal that is aborted already publishes nothing', async () => {
  const directory = directoryWith({ 'a.yaml': route('one') })
  const published: unknown[] = []
  await fileSource({ paths: [directory] }).run(snapshot => published.push(snapshot), AbortSignal.abort())
  expect(published).toEqual([])
})

test('a path that comes into being later is seen without waiting for the poll', async () => {
  const directory = directoryWith({})
  const routes = path.join(directory, 'routes')
  const followed = await follow([routes], { pollMs: 60_000 })
  expect(followed.codes()).toContain('FR0112')
  mkdirSync(routes)
  writeFileSync(path.join(routes, 'a.yaml'), route('one'))
  await until(followed.ids, ids => ids.join() === 'default/one', soon)
})
