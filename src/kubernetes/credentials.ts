/** Everything about TLS that decides whether a connection may be shared. PEM, as bytes or text. */
export interface TlsMaterial {
  readonly ca?: string | Buffer
  readonly cert?: string | Buffer
  readonly key?: string | Buffer
  readonly passphrase?: string
  /** Name the certificate must carry, when it is not the host's. */
  readonly servername?: string
  readonly rejectUnauthorized?: boolean
}

/** What one request is sent with. */
export interface Identity {
  readonly headers: Readonly<Record<string, string>>
  readonly tls: TlsMaterial
}

/** Who we are to the API server; tokens and certificates change under way. */
export interface Credentials {
  /** @throws ApiError `credentials` when there are none */
  current(): Promise<Identity>
  /** The server refused the last ones: the next `current` reads anew. */
  refresh(): void
}
