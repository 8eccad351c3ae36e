// Makes a savepoint of any size, to measure with: node build/scripts/make-savepoint.js DIRECTORY '{"bytes": 1e9}'
import { type BigSavepoint, writeBigSavepoint } from '../test/support/big-savepoint.ts'

const [directory, options = '{"bytes": 1e8}'] = process.argv.slice(2)
if (directory === undefined) throw new Error('usage: make-savepoint DIRECTORY [OPTIONS as JSON]')
writeBigSavepoint(directory, JSON.parse(options) as BigSavepoint)
