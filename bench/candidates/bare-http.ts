import { createServer } from 'node:http'
import { readJob } from './job.ts'

/** A server that only answers: how fast any Node program can be ready, and how small. */
const { port } = readJob()
createServer((_request, response) => response.end('{}')).listen(port, '127.0.0.1')
