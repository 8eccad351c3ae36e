import assert from 'node:assert/strict'
import { test } from 'node:test'
import { xxHash3, xxHash32, xxHash64 } from '../../src/bytes/xxhash.ts'
import { join, pseudoNoise } from './pseudo.ts'

/** Length of the input, XXH32, XXH64, XXH3: from python-xxhash 4.1.0 over the first bytes of pseudoNoise(5000, 77). */
const GOLDEN: readonly (readonly [number, string, string, string])[] = [
  [0, '02cc5d05', 'ef46db3751d8e999', '2d06800538d394c2'],
  [1, '2b2f1019', '95dd145118f0703a', '40f22ce7ca17bd07'],
  [2, 'e85008ce', '1954cd97d4a31871', 'c7bc3671e0228061'],
  [3, 'cc978a20', 'f14ffe3bce9cf8f0', '99bc575889848b48'],
  [4, 'aa1a384c', 'eb4df0ce87d1fb96', '00a26dfd27381166'],
  [7, '08bac40c', '1a4a877398bf819e', '5a3ebc9429456b3a'],
  [8, '0f1c9800', 'ed7cf602913134c9', '5588d8a1fda1372e'],
  [9, 'f80d4737', 'c985282e97a78f9c', '4c6b4240e50d2a51'],
  [15, 'cd89ac53', '72ef2746a9cdd405', '093967ff01f04ee0'],
  [16, '5d5619c6', '432692d810af39c3', '4aa74082a63bd9b1'],
  [17, '437a65d9', 'adb5e84b979f0d73', 'f25703802c914276'],
  [31, '98d6aa37', '035cf9265e3203e2', 'b6bd5b906161b168'],
  [32, '1b73f2c1', '9e46a3ddf23008bf', '04ae722dc0f1dbf2'],
  [33, '3249003e', '047e82a6b5965200', '19f3592e8de00646'],
  [63, 'ea8dbed2', '63c44d00aaf7066d', '811b2bce4e8448f2'],
  [64, '00cbe8ba', 'd2e633ba77be663e', '9d86fa3005fcce75'],
  [96, 'ab3845e2', 'a1320966878e2244', 'a32f1bd602cd210f'],
  [128, '74568534', '8cf5c0edd70c4ce8', 'e7ed43afaa4e8529'],
  [129, '8ac867f5', 'a85457bb8f6aedad', 'b02f30125e5c73e4'],
  [160, '9045169f', '0ff9e9ed066ada15', '09bd373418ec5e21'],
  [239, 'a29a5bde', 'aca0d8f709fa5533', '7cb1716b14e71464'],
  [240, 'f4b11d6b', 'da2cd8ea688744fc', 'ea776c8145e02079'],
  [241, '54e49d8d', '0ea73c70e96c484e', '0a265e1166971747'],
  [255, 'ae6e7504', '159fd4520c3bc3c8', 'b5af417471f9ee4b'],
  [256, 'a10c9261', '2c84a0bc1b0461c4', '4a38290085c83783'],
  [257, '574b46bf', '183c59f35c67c8b0', '9dadcf4cb08f5416'],
  [1023, 'e4d9e748', '2e3578e1ca82aa1e', '9e00d2f5cd697b53'],
  [1024, '0a461d30', '3f565ab8abb7ed43', 'c566cbe94308773d'],
  [1025, 'f502f6e7', '7f355c5a038c9993', '4ea6731e4199ae1a'],
  [1088, '4e95b2df', 'c552a5bd4ad7766d', '1ae088a754c7b5ac'],
  [4096, 'beefe540', '8ba14293ba475376', '5f5b3980e5b68a2c'],
  [5000, 'a4439504', '3c6995b9b446b8a0', 'e8ea03fd2371f3df'],
]

test('the hashes that the C library gives', () => {
  const noise = pseudoNoise(5000, 77)
  const shifted = join(Uint8Array.of(1, 2, 3), noise, Uint8Array.of(4))
  for (const [length, h32, h64, h3] of GOLDEN) {
    assert.equal(xxHash32(noise, 0, length).toString(16).padStart(8, '0'), h32, `XXH32 of ${length}`)
    assert.equal(xxHash64(noise, 0, length).toString(16).padStart(16, '0'), h64, `XXH64 of ${length}`)
    assert.equal(xxHash3(noise, 0, length).toString(16).padStart(16, '0'), h3, `XXH3 of ${length}`)
    assert.equal(xxHash3(shifted, 3, 3 + length), xxHash3(noise, 0, length))
  }
})
