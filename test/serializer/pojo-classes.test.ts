import assert from 'node:assert/strict'
import { test } from 'node:test'
import { jsonToValue } from '../../src/serializer/interpreter/json.ts'
import type { Layout } from '../../src/serializer/layout.ts'
import { CLASS } from '../../src/serializer/value.ts'

// A class that a POJO's serializer does not know is refused: written as the POJO it would lose its own fields.
const fields = [{ name: 'id', layout: { op: 'i32' } as Layout }]
const circle: Layout = { op: 'pojo', className: 'a.Circle', fields, registered: [], subclasses: [] }
const shape: Layout = {
  op: 'pojo',
  className: 'a.Shape',
  fields,
  registered: [],
  subclasses: [{ className: 'a.Circle', layout: circle }],
}

test('a POJO is of its class, of a subclass that its serializer knows, or refused', () => {
  assert.deepEqual({ ...(jsonToValue(shape, { class: 'a.Shape', fields: { id: 1 } }) as object) }, { id: 1 })
  const known = jsonToValue(shape, { class: 'a.Circle', fields: { id: 2 } }) as { [CLASS]?: string }
  assert.equal(known[CLASS], 'a.Circle')
  assert.throws(() => jsonToValue(shape, { class: 'a.Square', fields: { id: 3, side: 4 } }), {
    code: 'USAGE',
    message: /a\.Shape or a subclass that its serializer knows was expected, found .*a\.Square/,
  })
})
