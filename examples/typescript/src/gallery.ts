import { readdir } from 'node:fs/promises'
import { addressOf, folderOf, readPose, thumbnailOf } from './poses.js'

export interface GalleryPose {
  id: string
  thumbnailUrl: string
  outputImageUrl: string
  promptUsed: string | null
  createdAt: Date
}

/** All poses of a generation, the oldest first. A generation that nobody wrote to has none. */
export async function getPoseGallery(generationId: string): Promise<GalleryPose[]> {
  const poses = await Promise.all(
    (await namesIn(generationId)).map((poseId) => readPose(generationId, poseId)),
  )
  return poses
    .map((pose) => ({
      id: `${pose.generation}/${pose.pose}`,
      thumbnailUrl: thumbnailOf(pose),
      outputImageUrl: addressOf(pose),
      promptUsed: pose.prompt,
      createdAt: new Date(pose.created_at),
    }))
    .sort((one, other) => one.createdAt.getTime() - other.createdAt.getTime())
}

async function namesIn(generationId: string): Promise<string[]> {
  try {
    const names = await readdir(folderOf(generationId))
    return names.filter((name) => name.endsWith('.json')).map((name) => name.slice(0, -'.json'.length))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}
