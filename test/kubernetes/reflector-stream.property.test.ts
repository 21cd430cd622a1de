import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ApiAnswer, ApiRequest, ClusterClient } from '../../src/kubernetes/api-client.ts'
import { ApiError } from '../../src/kubernetes/api-error.ts'
import type { KubernetesObject } from '../../src/kubernetes/objects.ts'
import { Reflector } from '../../src/kubernetes/reflector.ts'
import { eventually } from '../support/eventually.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { bookmarkLine, errorLine, eventLine } from './support/scripted-server.ts'

/*
 * Whatever a way to the server does to a stream - repeat lines, tear them, lose them, put others between them, cut it
 * anywhere - the reflector ends up with what a fresh list shows.
 */

type Step =
  | { readonly kind: 'put' | 'delete'; readonly name: string }
  | { readonly kind: 'repeat'; readonly back: number }
  | { readonly kind: 'noise'; readonly text: string }
  | { readonly kind: 'bookmark' | 'expire' | 'cut' | 'end' }

const names = fc.constantFrom('a', 'b', 'c')
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('put' as const), name: names }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('delete' as const), name: names }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('repeat' as const), back: fc.nat(4) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('noise' as const),
      text: fc.constantFrom('{', '\n', '[]\n', 'null\n', '\ud83d\n', '{"type":"BOOKMARK"}\n', '"x"\n'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('bookmark', 'expire', 'cut', 'end') }) },
)

/** A server whose watch is one function call away. */
class Model {
  readonly objects = new Map<string, KubernetesObject>()
  readonly #history: { readonly version: number; readonly line: string }[] = []
  #version = 10
  #watch: { readonly data: (chunk: Buffer) => void; readonly end: (error?: ApiError) => void } | undefined
  readonly client: ClusterClient = {
    server: '',
    namespace: '',
    close: async () => {},
    request: request => this.#request(request),
  }

  #request(request: ApiRequest): Promise<ApiAnswer> {
    const url = new URL(request.path, 'http://model')
    if (!url.searchParams.has('watch')) {
      const metadata = { resourceVersion: String(this.#version) }
      const body = structuredClone({ metadata, items: [...this.objects.values()] })
      return Promise.resolve({ status: 200, body })
    }
    return new Promise((resolve, reject) => {
      const end = (error?: ApiError): void => {
        this.#watch = undefined
        if (error) reject(error)
        else resolve({ status: 200, body: undefined })
      }
      const data = (chunk: Buffer): void => {
        try {
          request.onData?.(chunk)
        } catch (error) {
          end(error as ApiError)
        }
      }
      request.signal?.addEventListener('abort', () => end(new ApiError('aborted', '')))
      request.onHead?.()
      this.#watch = { data, end }
      const from = Number(url.searchParams.get('resourceVersion'))
      for (const { version, line } of this.#history) if (version > from) this.send(line)
    })
  }

  get isWatched(): boolean {
    return this.#watch !== undefined
  }

  /** In pieces of three bytes, which tears every character that can be torn. */
  send(text: string): void {
    const bytes = Buffer.from(text)
    for (let at = 0; at < bytes.length; at += 3) this.#watch?.data(bytes.subarray(at, at + 3))
  }

  take(step: Step): void {
    if (step.kind === 'put' || step.kind === 'delete') {
      const before = this.objects.get(step.name)
      if (step.kind === 'delete' && !before) return
      this.#version += 1
      const metadata = { name: step.name, resourceVersion: String(this.#version), labels: { text: 'größer' } }
      if (step.kind === 'put') this.objects.set(step.name, { metadata })
      else this.objects.delete(step.name)
      const type = step.kind === 'delete' ? 'DELETED' : before ? 'MODIFIED' : 'ADDED'
      const line = eventLine(type, { metadata })
      this.#history.push({ version: this.#version, line })
      this.send(line)
    }
    if (step.kind === 'repeat') this.send(this.#history.at(-1 - step.back)?.line ?? '')
    if (step.kind === 'noise') this.send(step.text)
    if (step.kind === 'bookmark') this.send(bookmarkLine(String(this.#version)))
    if (step.kind === 'expire') this.send(errorLine(410))
    if (step.kind === 'cut') this.#watch?.end(new ApiError('connection', 'cut'))
    if (step.kind === 'end') this.#watch?.end()
  }
}

const versions = (objects: Iterable<KubernetesObject>): string =>
  [...objects]
    .map(({ metadata }) => `${metadata.name}@${metadata.resourceVersion}`)
    .sort()
    .join()

test('a stream that is maimed in any way ends in what a fresh list shows', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async steps => {
      const model = new Model()
      const clock = new FakeClock()
      const reflector = new Reflector<KubernetesObject>({
        client: model.client,
        resource: { group: 'g', version: 'v1', plural: 'things' },
        onChange: () => {},
        spreadMs: 0,
        clock,
        random: () => 0.5,
      })
      const stopping = new AbortController()
      const running = reflector.run(stopping.signal)
      clock.advance(0)
      for (const one of steps) {
        model.take(one)
        await Promise.resolve()
        clock.advance(100)
      }
      // A line without end only ends with its watch.
      model.take({ kind: 'cut' })
      await eventually(() => {
        clock.advance(1_000)
        expect(model.isWatched).toBe(true)
        expect(versions(reflector.objects.values())).toBe(versions(model.objects.values()))
      })
      stopping.abort()
      await running
      expect(clock.armed).toBe(0)
    }),
    { numRuns: 150 },
  )
})
