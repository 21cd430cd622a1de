import { exchangeRaw, type RawResponse } from './raw-client.ts'

export interface Ask {
  readonly method?: string
  readonly path?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Buffer
}

/** The bytes of one request; a body is sent with its length. */
export const requestBytes = ({ method = 'GET', path = '/', headers = {}, body }: Ask = {}): Buffer => {
  const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }
  const fields = Object.entries({ host: 'relay.test', ...length, ...headers })
  const head = [`${method} ${path} HTTP/1.1`, ...fields.map(([name, value]) => `${name}: ${value}`), '', '']
  return Buffer.concat([Buffer.from(head.join('\r\n'), 'latin1'), Buffer.from(body ?? '')])
}

/** Sends one request on a connection of its own and reads the whole answer. */
export const ask = ({ port }: { readonly port: number }, request: Ask = {}): Promise<RawResponse> =>
  exchangeRaw(port, requestBytes(request), request.method)

export const json = (response: RawResponse) => JSON.parse(response.body.toString('utf8'))
