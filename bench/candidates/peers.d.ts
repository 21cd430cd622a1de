// express and axios are installed outside the tree (bench/setup.ts); this is the part of them used here.

declare module 'axios' {
  export default function axios(request: {
    method: string
    url: string
    data: unknown
  }): Promise<{ data: unknown }>
}

declare module 'express' {
  interface Request {
    readonly method: string
    readonly body: unknown
  }
  interface Response {
    json(body: unknown): void
  }
  type Handler = (request: Request, response: Response) => void
  interface Application {
    use(handler: Handler): void
    listen(port: number, host: string): void
  }
  function express(): Application
  namespace express {
    function json(options: { limit: string }): Handler
  }
  export default express
}
