// Describes the types of a file of Flink's (name, type, snapshot, {value, bytes}) to kobel, and writes what kobel makes of
// them: name, snapshot, bytes of values. What fails is told in place of the snapshot.
import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

const [version, input, output] = process.argv.slice(2)
const kobel = (file) =>
  import(pathToFileURL(resolve(process.env.KOBEL ?? join(import.meta.dirname, '../../build'), 'src', file)).href)
const { serializerSnapshotOf } = await kobel('index.js')
const { writeSerializerSnapshot } = await kobel('serializer/snapshot.js')
const { Writer } = await kobel('bytes/writer.js')
const { jsonToValue } = await kobel('serializer/interpreter/json.js')
const { keyLayout } = await kobel('serializer/table/codecs.js')
const { bytesOfValue } = await kobel('serializer/interpreter/write.js')

const base64 = (bytes) => Buffer.from(bytes).toString('base64')
// What no serializer snapshot of Kryo tells.
const fields = { 'kobel.conformance.described.KryoCases$Ticket': { number: 'int', note: 'java.lang.String', final: '' } }
const lines = readFileSync(input, 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => {
    const [name, type, , ...values] = line.split('\t')
    try {
      const snapshot = serializerSnapshotOf(JSON.parse(type), version, { fields })
      const writer = new Writer()
      writeSerializerSnapshot(writer, snapshot)
      const columns = [name, base64(writer.toBytes())]
      for (let i = 0; i < values.length; i += 2) {
        const layout = name === 'sql, a key' ? keyLayout(snapshot.layout) : snapshot.layout
        columns.push(base64(bytesOfValue(layout, jsonToValue(layout, JSON.parse(values[i])))))
      }
      return columns.join('\t')
    } catch (error) {
      return `${name}\t\t${String(error.message).replaceAll(/\s/g, ' ')}`
    }
  })
writeFileSync(output, `${lines.join('\n')}\n`)
