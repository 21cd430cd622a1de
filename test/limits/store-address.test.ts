import { describe, expect, test } from 'vitest'
import { readStoreUrl } from '../../src/limits/store-address.ts'

describe('readStoreUrl', () => {
  test('takes host, port, database and credentials', () => {
    expect(readStoreUrl('redis://relay:p%40ss@store.shop:6380/3')).toEqual({
      host: 'store.shop',
      port: 6380,
      tls: false,
      username: 'relay',
      password: 'p@ss',
      database: 3,
      shown: 'redis://store.shop:6380/3',
    })
  })

  test('has the port 6379, database 0 and no credentials unless told', () => {
    const { port, database, username, password, tls } = readStoreUrl('rediss://store')
    expect({ port, database, username, password, tls }).toEqual({
      port: 6379,
      database: 0,
      username: undefined,
      password: undefined,
      tls: true,
    })
  })

  test('takes a password without a user', () => {
    expect(readStoreUrl('redis://:secret@store')).toMatchObject({ username: undefined, password: 'secret' })
  })

  test('connects to an IPv6 address without its brackets and shows it with them', () => {
    expect(readStoreUrl('redis://[::1]:7000')).toMatchObject({ host: '::1', shown: 'redis://[::1]:7000/0' })
  })

  test.each([
    ['nonsense secret', 'not a URL'],
    ['http://relay:secret@store', 'the scheme http'],
    ['redis://', 'no host'],
    ['redis://relay:secret@store/orders', 'only the number of a database'],
    ['redis://relay:secret@store/0?tls=1', 'a query'],
    ['redis://relay:secret%@store', 'write it as %25'],
  ])('refuses %s, without repeating it', (url, reason) => {
    const refused = () => readStoreUrl(url)
    expect(refused).toThrow(reason)
    expect(refused).not.toThrow('secret')
  })
})
