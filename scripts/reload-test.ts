import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { type Answered, type Client, startClient } from '../test/e2e/support/keep-alive-client.ts'
import { freePorts, launchRelay, type RelayProcess, whenServing } from '../test/e2e/support/running-relay.ts'
import { untouchedRoutes } from '../test/e2e/support/untouched-routes.ts'
import { readAnswer, startEcho, versionedRoute } from '../test/e2e/support/versioned-route.ts'
import { startUpstream } from '../test/support/upstream.ts'

/*
 * A thousand edits of a route under load, against the relay as a process of its own: none may fail a request,
 * mix two versions in one answer, close a connection, or reset a breaker, a bucket, a slot or a key. Prints
 * what was done and one line for each of these; exits 1 if one failed.
 */

const usage = `usage: node scripts/reload-test.ts [--count 1000] [--rate 50]
  --count edits, --rate of them a second; the relay reads a burst of edits at once, about four times a second`

const clientCount = 8
/** Each client's; together 200 requests a second. */
const everyMs = 40
const idleMs = 2_000
const lookEveryMs = 200
/** A burst of edits is read after a quarter of a second at the latest; half of that pace must be reached. */
const leastReloadsPerSecond = 2
/** Requests of all clients that may be on their way when the breaker's threshold is reached. */
const mostAskedDead = 3 + clientCount

/** A finding of the run; no `found` = as it should be. */
interface Check {
  readonly what: string
  readonly found: readonly string[]
}

interface Settings {
  readonly count: number
  readonly rate: number
}

const metric = (text: string, name: string): number =>
  [...text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? ([0-9.e+]+)$`, 'gm'))].reduce(
    (total, [, value]) => total + Number(value),
    0,
  )

const percentile = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length * share)] ?? Number.NaN

/** `count` edits at `rate` a second, each due at its own time, with a look at the routes beside it. */
const editAll = async (
  { count, rate }: Settings,
  edit: (number: number) => void,
  look: () => Promise<readonly string[]>,
): Promise<readonly string[]> => {
  const found: string[] = []
  const began = performance.now()
  let lookAt = began
  let looking: Promise<unknown> = Promise.resolve()
  for (let number = 1; number <= count; number++) {
    await pause(Math.max(0, began + (number * 1000) / rate - performance.now()))
    edit(number)
    if (performance.now() < lookAt) continue
    lookAt += lookEveryMs
    looking = Promise.all([looking, look().then(wrong => found.push(...wrong))])
  }
  await looking
  return found
}

const isServed = async (clients: readonly Client[], version: number): Promise<boolean> => {
  for (const until = performance.now() + 5_000; performance.now() < until; await pause(20)) {
    if (clients.every(({ answers }) => readAnswer(answers.at(-1)!).version === version)) return true
  }
  return false
}

const load = (port: number): readonly Client[] =>
  Array.from({ length: clientCount }, () =>
    startClient({ port, path: '/orders', body: '{"order": 1}', everyMs }),
  )

const stopped = async (clients: readonly Client[]): Promise<readonly Answered[]> => {
  await Promise.all(clients.map(client => client.stop()))
  return clients.flatMap(({ answers }) => answers)
}

const replayedAs = async (relay: RelayProcess, request: Parameters<RelayProcess['ask']>[0], body: Buffer) => {
  const answer = await relay.ask(request)
  const isSame = answer.header('idempotent-replayed') === 'true' && answer.body.equals(body)
  return isSame ? [] : [`${answer.status} ${answer.body}`]
}

const checkReloads = async (
  relay: RelayProcess,
  settings: Settings,
  files: Files,
): Promise<readonly Check[]> => {
  const { untouched, edit } = files
  const { count, rate } = settings
  await untouched.use({ port: relay.data })
  const first = { method: 'POST', path: '/orders', headers: { 'idempotency-key': 'first' }, body: '{}' }
  const remembered = await relay.ask(first)
  const idle = load(relay.data)
  await pause(idleMs)
  const idleAnswers = await stopped(idle)

  const before = metric(await relay.metrics(), 'fanout_config_reloads_total')
  const clients = load(relay.data)
  const began = performance.now()
  const reset = await editAll(settings, edit, untouched.look)
  const seconds = (performance.now() - began) / 1000
  const lastIsServed = await isServed(clients, count)
  const answers = await stopped(clients)
  const text = await relay.metrics()
  const reloads = metric(text, 'fanout_config_reloads_total') - before

  const read = answers.map(readAnswer)
  const failed = answers.filter(({ status }) => status < 200 || status > 299)
  const mixed = answers.filter(({ status }, i) => status < 300 && read[i]!.version === -1)
  const askedDead = [...idleAnswers.map(readAnswer), ...read].filter(answer => answer.askedDead).length
  const opened = metric(text, 'fanout_circuit_breaker_transitions_total')
  // A retried one waits for its back-off, which says nothing about reloads.
  const p99 = (some: readonly Answered[]) =>
    percentile(
      some.filter(answer => !readAnswer(answer).retried).map(({ ms }) => ms),
      0.99,
    ).toFixed(1)
  console.log(
    `${count} edits in ${seconds.toFixed(1)} s, ${reloads} reloads, ` +
      `${new Set(read.map(({ version }) => version)).size} versions answered; ` +
      `${answers.length} requests (${(answers.length / seconds).toFixed(0)}/s), ` +
      `${read.filter(({ retried }) => retried).length} of them retried; ` +
      `p99 ${p99(idleAnswers)} ms without edits, ${p99(answers)} ms with them`,
  )
  const bodies = (some: readonly Answered[]) => some.map(({ status, body }) => `${status} ${body}`)
  const unless = (isFine: boolean, found: string) => (isFine ? [] : [found])
  return [
    {
      what: 'no request failed',
      found: [...clients.flatMap(({ errors }) => errors.map(String)), ...bodies(failed)],
    },
    { what: 'no answer is of two versions', found: bodies(mixed) },
    {
      what: 'no connection was closed',
      found: unless(
        answers.filter(({ reused }) => !reused).length === clientCount,
        `${answers.filter(({ reused }) => !reused).length} connections for ${clientCount} clients`,
      ),
    },
    { what: 'no breaker, bucket, slot or key of another route was reset', found: reset },
    {
      what: 'the open breaker of the edited route was not reset',
      found: unless(
        askedDead <= mostAskedDead && opened === 2,
        `asked ${askedDead} times, ${opened} transitions`,
      ),
    },
    {
      what: 'an answer remembered before the edits is replayed',
      found: await replayedAs(relay, first, remembered.body),
    },
    {
      what: 'a request in flight during all edits is answered',
      found: unless((await untouched.release().catch(() => 0)) === 200, 'it was not answered 200'),
    },
    { what: 'the last edit is served', found: unless(lastIsServed, 'not within 5 s') },
    {
      what: 'edits are read while they go on, none is refused, no defect',
      found: [
        ...unless(reloads >= (leastReloadsPerSecond * count) / rate, `${reloads} reloads`),
        ...unless(!/reloads_total\{result="(partial|rejected)"\} [1-9]/.test(text), 'refused reloads'),
        ...unless(metric(text, 'fanout_defects_total') === 0, 'defects'),
      ],
    },
  ]
}

interface Files {
  readonly untouched: Awaited<ReturnType<typeof untouchedRoutes>>
  edit(number: number): void
}

const main = async (settings: Settings): Promise<readonly Check[]> => {
  const dead = await startUpstream((_received, response) => response.writeHead(500).end())
  const echoes = [await startEcho(), await startEcho()] as const
  const untouched = await untouchedRoutes(dead)
  const directory = mkdtempSync(join(tmpdir(), 'fanout-reload-'))
  const file = join(directory, 'routes.yaml')
  const edit = (number: number): void => {
    const documents = [versionedRoute(number, { echoes, dead }), ...untouched.documents]
    writeFileSync(`${file}.next`, documents.join('\n---\n'))
    renameSync(`${file}.next`, file)
  }
  edit(0)
  const launched = launchRelay(['run', file, ...freePorts, '--access-log', 'off', '--log-format', 'json'])
  try {
    return await checkReloads(await whenServing(launched), settings, { untouched, edit })
  } finally {
    launched.child.kill('SIGKILL')
    for (const upstream of [dead, ...echoes, untouched]) await upstream.close()
    rmSync(directory, { recursive: true, force: true })
  }
}

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '1000' },
    rate: { type: 'string', default: '50' },
    help: { type: 'boolean' },
  },
})
if (values.help) console.log(usage)
else {
  const checks = await main({ count: Number(values.count), rate: Number(values.rate) })
  for (const { what, found } of checks) {
    console.log(`${found.length === 0 ? 'ok     ' : 'FAILED '} ${what}`)
    if (found.length > 0) console.log(`        ${found.length}: ${found.slice(0, 3).join('\n        ')}`)
  }
  const failed = checks.filter(({ found }) => found.length > 0).length
  console.log(`reloads: ${checks.length - failed} passed, ${failed} failed, 0 skipped`)
  process.exitCode = failed > 0 ? 1 : 0
}
