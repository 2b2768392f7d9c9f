import { randomInt } from 'node:crypto'
import sharp from 'sharp'
import { getPoseGallery } from './gallery.js'
import { MOUNT } from './poses.js'
import { deletePose, uploadPose } from './storage-manager.js'

const SIDE = 1024

/** Stands for the service that generates images. */
async function generate(seed: number): Promise<Buffer> {
  const [red = 0, green = 0, blue = 0] = [seed, seed >> 8, seed >> 16].map((part) => part & 0xff)
  const background = { r: red, g: green, b: blue }
  return sharp({ create: { width: SIDE, height: SIDE, channels: 3, background } }).png().toBuffer()
}

async function work(generationId: string, count: number): Promise<void> {
  for (let variation = 1; variation <= count; variation++) {
    const seed = randomInt(2 ** 32)
    const stored = await uploadPose(await generate(seed), {
      generationId,
      poseId: `text_var${variation}`,
      prompt: `a heron at dusk, variation ${variation}`,
      seed,
    })
    console.log(JSON.stringify(stored))
  }
}

async function tidy(generationId: string): Promise<void> {
  const [oldest] = await getPoseGallery(generationId)
  if (oldest) await deletePose(oldest.outputImageUrl, oldest.thumbnailUrl)
}

const [generationId = 'example', count = '3'] = process.argv.slice(2)
console.error(`${MOUNT}: writing ${count} poses of ${generationId}`)
await work(generationId, Number(count))
console.log(JSON.stringify(await getPoseGallery(generationId)))
await tidy(generationId)
console.log(JSON.stringify(await getPoseGallery(generationId)))
