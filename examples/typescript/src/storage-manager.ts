import { mkdir, open, unlink, writeFile } from 'node:fs/promises'
import { addressOf, factsOf, folderOf, imageOf, readPose, thumbnailOf } from './poses.js'

/**
 * Keep an image, and return the addresses of it and of its thumbnail for the database.
 *
 * When this returns, the image is checked, on the disk, in the index, and has its thumbnail. It
 * rejects with the code EINVAL if the bytes are no image, EFBIG if they are too many, and ENOSPC if
 * the owner's quota is used up or the disk is full; then the store is as it was before.
 */
export async function uploadPose(
  imageBuffer: Buffer,
  metadata: {
    generationId: string
    poseId: string
    poseLibraryId?: string
    prompt?: string
    seed?: number
  },
): Promise<{ imageUrl: string; thumbnailUrl: string }> {
  const { generationId, poseId, poseLibraryId, prompt, seed } = metadata
  await mkdir(folderOf(generationId), { recursive: true })
  await writeAndSync(imageOf(generationId, poseId), imageBuffer)
  const attributes = { pose_library_id: poseLibraryId, prompt, seed }
  if (Object.values(attributes).some((value) => value !== undefined)) {
    await writeFile(factsOf(generationId, poseId), JSON.stringify(attributes))
  }
  const pose = await readPose(generationId, poseId)
  return { imageUrl: addressOf(pose), thumbnailUrl: thumbnailOf(pose) }
}

/** Open, write, sync, close: Bun reports a refusal only from the first three. */
async function writeAndSync(path: string, data: Buffer): Promise<void> {
  const file = await open(path, 'w')
  try {
    await file.writeFile(data)
    await file.sync()
  } finally {
    await file.close()
  }
}

/**
 * Drop a pose. Its bytes go later, and only if no other pose has the same ones; the thumbnail goes
 * with the last image that it was made from. A pose that is gone already is no error.
 */
export async function deletePose(imagePath: string, _thumbnailPath: string): Promise<void> {
  const [, generationId, poseId] = /#([^/]+)\/([^/]+)$/.exec(imagePath) ?? []
  if (generationId === undefined || poseId === undefined) {
    throw new Error(`${imagePath}: no address that uploadPose returned`)
  }
  try {
    await unlink(imageOf(generationId, poseId))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}
