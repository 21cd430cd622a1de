import { describe, expect, test } from 'vitest'
import { cli, directoryWith, route } from './fixtures.ts'

const routes = () =>
  directoryWith({
    'a.yaml': route('orders', '{name: crm, url: http://crm.invalid}'),
    'b.yaml': route('price').replace('spec:', 'spec:\n  hostnames: [price.local]'),
  })

const simulate = (...args: string[]) => cli(['simulate', 'POST', '/orders', routes(), ...args])

test('a request that succeeds is exit code 0, with its waterfall', async () => {
  const { code, stdout, stderr } = await simulate('--delay', 'crm=1ms')
  expect([code, stderr]).toEqual([0, ''])
  expect(stdout).toContain('POST /orders is taken by default/orders')
  expect(stdout).toMatch(/^crm +#1 +█+ .* 200 {2}to the caller$/m)
})

test('one that does not is exit code 1', async () => {
  const { code, stdout } = await simulate('--fail', 'crm=503')
  expect(code).toBe(1)
  expect(stdout).toMatch(/^caller .* 503 {2}failed$/m)
})

test('of several rules for one leg the first that applies counts', async () => {
  const { code, stdout } = await simulate('--fail', 'crm=reset:first1', '--fail', 'crm=404', '-n', '2')
  expect(code).toBe(1)
  expect(stdout).toMatch(/fails: reset \(first 1\), 404/)
  expect(stdout).toMatch(/404 ×1, connection_terminated ×1$/m)
})

test('-o json is the simulation as data, the same for the same seed', async () => {
  const ask = async (seed: string) => {
    const { stdout } = await simulate('--fail', 'crm=503:50%', '-n', '8', '-o', 'json', '--seed', seed)
    const { waterfalls } = JSON.parse(stdout) as { waterfalls: { answer: { status: number } }[] }
    return waterfalls.map(({ answer }) => answer.status)
  }
  const [one, again, other] = [await ask('4'), await ask('4'), await ask('5')]
  expect(one).toEqual(again)
  expect(one).not.toEqual(other)
  expect(one.length).toBe(8)
})

test('a load says beforehand how long it takes, beside its answer', async () => {
  const { code, stdout, stderr } = await simulate('--rate', '100/s', '--duration', '100ms')
  expect(code).toBe(0)
  expect(stderr).toMatch(/^sending 10 requests in about 1s; Ctrl-C ends it/)
  expect(stdout).toMatch(/^10 requests in .* at 100\/s$/m)
})

test('host, headers and body are those of the request', async () => {
  const ask = (...more: string[]) =>
    cli(['simulate', 'POST', '/price', routes(), '--delay', 'a=1ms', ...more])
  expect((await ask('--host', 'price.local', '--body', '{}')).code).toBe(0)
  expect((await ask('-H', 'Host: price.local')).code).toBe(0)
  const { code, stderr } = await ask()
  expect(code).toBe(2)
  expect(stderr).toMatch(/no route takes POST \/price[\s\S]*host is localhost, wanted price\.local/)
})

test('a route that is invalid cannot be simulated', async () => {
  const directory = directoryWith({ 'a.yaml': route('orders', '{name: crm}') })
  const { code, stderr } = await cli(['simulate', 'POST', '/orders', directory])
  expect(code).toBe(2)
  expect(stderr).toMatch(/1 error/)
  expect(stderr).toMatch(
    /default\/orders takes POST \/orders, but it is invalid\n +why: .*\n +fix: fanout-relay lint/,
  )
})

describe('wrong usage', () => {
  test.each([
    [['--delay', 'crn=1s'], /default\/orders has no leg "crn"[\s\S]*did you mean --delay crm=1s\?/],
    [['--fail', 'x=503'], /its legs are crm\n +fix: name one of them/],
    [['--delay', 'crm'], /must be LEG=VALUE/],
    [['--delay', 'crm=900'], /must be a duration with its unit/],
    [['--delay', 'crm=9s..1s'], /a range that grows/],
    [['--delay', 'crm=61s'], /at most 60s[\s\S]*--fail LEG=hang/],
    [['--fail', 'crm=99'], /a status from 200 to 599, reset, hang or refused/],
    [['--fail', 'crm=503:0%'], /a share above 0% and up to 100%/],
    [['--fail', 'crm=503:101%'], /a share above 0% and up to 100%/],
    [['--fail', 'crm=503:first0'], /first and a number of at least 1/],
    [['--fail', 'crm=503:often'], /a share \(30%\), a count \(first2\) or a time \(1s\.\.3s\)/],
    [['--fail', 'crm=refused:30%'], /refused without share[\s\S]*--fail crm=reset:30%/],
    [['--fail', 'crm=503', '--fail', 'crm=reset:5%'], /crm=reset:5% has no effect[\s\S]*crm=503 always does/],
    [['--rate', '50'], /requests in a second, such as 50\/s[\s\S]*write --rate 50\/s/],
    [['--rate', '5000/s'], /at most 1000\/s/],
    [['--rate', '0/s'], /more than 0\/s/],
    [['--duration', '1s'], /--duration needs --rate/],
    [['--rate', '1/s', '--duration', '6m'], /at most 5m/],
    [['--requests', '0'], /at least 1/],
  ])('%j', async (args, message) => {
    const { code, stdout, stderr } = await simulate(...args)
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(message)
  })

  test.each([
    [{ FANOUT_FAIL: 'crm=99' }, /^ +fix: write for example FANOUT_FAIL=crm=503, FANOUT_FAIL=crm=reset/m],
    [{ FANOUT_FAIL: 'crn=503' }, /FANOUT_FAIL=crn=503: .*[\s\S]*did you mean FANOUT_FAIL=crm=503\?/],
    [{ FANOUT_DELAY: 'crm' }, /fix: write for example FANOUT_DELAY=inventory=900ms/],
    [{ FANOUT_RATE: '50' }, /fix: write FANOUT_RATE=50\/s/],
    [{ FANOUT_HEADER: 'x' }, /fix: write FANOUT_HEADER='x-tenant: acme'/],
    [{ FANOUT_DURATION: '1s' }, /FANOUT_DURATION needs --rate/],
  ])('in the environment is named there: %j', async (env, message) => {
    const directory = directoryWith({ 'a.yaml': route('orders', '{name: crm, url: http://crm}') })
    const { code, stderr } = await cli(['simulate', 'POST', '/orders', directory], { env })
    expect(code).toBe(2)
    expect(stderr).toMatch(message)
  })

  test.each([
    [['POST'], /needs a METHOD and a PATH/],
    [['POST', '/orders'], /needs at least one PATH/],
    [['post', '/orders', 'examples/orders'], /did you mean POST\?/],
    [
      ['GET', '/orders', 'examples/orders'],
      /method is GET, wanted POST[\s\S]*fanout-relay explain GET \/orders/,
    ],
  ])('%j alone', async (args, message) => {
    const { code, stderr } = await cli(['simulate', ...args])
    expect(code).toBe(2)
    expect(stderr).toMatch(message)
  })
})
