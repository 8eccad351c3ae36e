// Removes what an earlier build left, so that no deleted test is run and no deleted file is shipped.
import { rmSync } from 'node:fs'

rmSync('build', { recursive: true, force: true })
