import axios from 'axios'
import express from 'express'
import { readJob } from './job.ts'

/** The way tutorials teach it: an express handler, axios, Promise.allSettled, and the answers put together. */
const job = readJob()
const app = express()
app.use(express.json({ limit: '20mb' }))

app.use(async (request, response) => {
  const { method, body: data } = request
  const legs = job.mode === 'single' ? [job.primary] : [job.primary, job.secondary]
  const settled = await Promise.allSettled(legs.map(url => axios({ method, url, data })))
  const answers = settled.map(leg => (leg.status === 'fulfilled' ? leg.value.data : { error: 'failed' }))
  if (job.mode === 'aggregate') response.json({ primary: answers[0], secondary: answers[1] })
  else response.json(answers[0])
})

app.listen(job.port, '127.0.0.1')
