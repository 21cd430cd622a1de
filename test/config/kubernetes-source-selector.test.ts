import { describe, expect, test } from 'vitest'
import { parseLabels } from '../../src/config/kubernetes-source-labels.ts'
import { isSelected } from '../../src/config/workload-selector.ts'

const labels = { app: 'checkout', tier: 'web', empty: '' }

describe('a workload selector', () => {
  test.each([
    ['is omitted', undefined],
    ['is null', null],
    ['is empty', {}],
    ['has matching labels', { matchLabels: { app: 'checkout', tier: 'web' } }],
    ['has a value in', { matchExpressions: [{ key: 'app', operator: 'In', values: ['a', 'checkout'] }] }],
    ['has a value not in', { matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['a'] }] }],
    ['asks not in of no value', { matchExpressions: [{ key: 'none', operator: 'NotIn', values: ['a'] }] }],
    ['asks for a key that exists', { matchExpressions: [{ key: 'empty', operator: 'Exists' }] }],
    ['asks for a key that does not', { matchExpressions: [{ key: 'none', operator: 'DoesNotExist' }] }],
  ])('that %s selects', (_what, selector) => {
    expect(isSelected(selector, labels)).toBe(true)
  })

  test.each([
    ['has another label', { matchLabels: { app: 'checkout', tier: 'db' } }],
    ['has a label that Object has', { matchLabels: { toString: 'x' } }],
    ['has no value in', { matchExpressions: [{ key: 'none', operator: 'In', values: ['a'] }] }],
    ['excludes the value', { matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['checkout'] }] }],
    ['asks for a key that is not there', { matchExpressions: [{ key: 'none', operator: 'Exists' }] }],
    ['forbids the key', { matchExpressions: [{ key: 'app', operator: 'DoesNotExist' }] }],
    [
      'holds in part',
      { matchLabels: { app: 'checkout' }, matchExpressions: [{ key: 'none', operator: 'Exists' }] },
    ],
    ['has an unknown operator', { matchExpressions: [{ key: 'app', operator: 'Like', values: ['c'] }] }],
    ['is no object', 'app=checkout'],
    ['has labels that are a list', { matchLabels: ['app'] }],
    ['has expressions that are none', { matchExpressions: [null] }],
  ])('that %s does not select', (_what, selector) => {
    expect(isSelected(selector, labels)).toBe(false)
  })
})

test('labels of the downward API are read, whatever the order and whatever else stands there', () => {
  const text = 'app.kubernetes.io/name="checkout"\nempty=""\nbroken\n__proto__="x"\ntext="a\\"b"'
  expect({ ...parseLabels(text) }).toEqual({
    'app.kubernetes.io/name': 'checkout',
    empty: '',
    ['__proto__']: 'x',
    text: 'a"b',
  })
})
