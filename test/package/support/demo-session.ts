import { spawn } from 'node:child_process'

/*
 * Runs the demo of the relay given as argument on its own ports, sends one order, stops it, and prints what
 * came of it as JSON. Meant for a network namespace of its own, where those ports are free.
 */
const child = spawn(process.execPath, [process.argv[2]!, 'demo'], { stdio: ['ignore', 'pipe', 'inherit'] })
const exit = new Promise<number | null>(resolve => child.once('close', resolve))
let output = ''
await new Promise<void>((resolve, reject) => {
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
    if (output.includes('routes loaded')) resolve()
  })
  void exit.then(code => reject(new Error(`the demo ended with ${code}: ${output}`)))
})
const answer = await fetch('http://localhost:4780/orders', {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: '{"order_id": "A-1", "fail_crm": true}',
})
const { status, results } = (await answer.json()) as { status: string; results: object }
child.kill('SIGINT')
console.log(
  JSON.stringify({ code: answer.status, status, upstreams: Object.keys(results), exit: await exit }),
)
