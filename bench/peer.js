// Saves images as the product does, one after another or several at a time.
//
//   node peer.js product|jpeg <at a time> <folder> < files, one a line
//
// `product` is the product's own savePoseWithThumbnail; `jpeg` is the same with a JPEG thumbnail.
// Writes one line of JSON: the seconds that it took and the processor seconds, user and system, of
// all threads. One image goes before, unmeasured, so that nothing is loaded meanwhile.

import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import fs from 'node:fs/promises'
import path from 'node:path'
import sharp from 'sharp'

const encoders = {
  product: (image) => image.png({ quality: 90, compressionLevel: 9 }),
  jpeg: (image) => image.jpeg({ quality: 92, chromaSubsampling: '4:4:4' }),
}

const [kind, atATime, folder] = process.argv.slice(2)
const files = readFileSync(0, 'utf8').split('\n').filter(Boolean)

async function save(file, number) {
  const imageBuffer = await fs.readFile(file)
  const name = `bench_${number}_${Date.now()}_${randomBytes(8).toString('hex')}`
  await fs.writeFile(path.join(folder, 'generated', `${name}.png`), imageBuffer)
  const resized = sharp(imageBuffer).resize(400, 400, { fit: 'cover', position: 'center' })
  const thumbnail = await encoders[kind](resized).toBuffer()
  const extension = kind === 'product' ? 'png' : 'jpg'
  await fs.writeFile(path.join(folder, 'thumbnails', `${number}.${extension}`), thumbnail)
}

async function worker(queue) {
  for (const [number, file] of queue) await save(file, number)
}

await fs.mkdir(path.join(folder, 'generated'), { recursive: true })
await fs.mkdir(path.join(folder, 'thumbnails'), { recursive: true })
await save(files[0], 0)

const cpu = process.cpuUsage()
const began = performance.now()
const queue = files.entries()
await Promise.all(Array.from({ length: Number(atATime) }, () => worker(queue)))
const seconds = (performance.now() - began) / 1000
const { user, system } = process.cpuUsage(cpu)
console.log(JSON.stringify({ seconds, cpu_seconds: (user + system) / 1e6 }))
