import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Where the store is mounted. */
export const MOUNT = process.env['POSES_MOUNT'] ?? '/mnt/poses'

/** What `<pose>.json` tells about a pose: the part of it that this application uses. */
export interface Pose {
  user: string
  generation: string
  pose: string
  /** An address that never shows other bytes: `/hashes/<2>/<digest>.<extension>`. */
  path: string
  thumbnail: { path: string } | null
  prompt: string | null
  seed: number | string | null
  created_at: string
}

/** The store refuses other ids itself; here they are kept from becoming other paths. */
function checked(id: string): string {
  if (!/^[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}$/.test(id)) {
    throw new Error(`${JSON.stringify(id)}: ids have 1 to 128 of A-Z a-z 0-9 . _ - and no dot first`)
  }
  return id
}

export function folderOf(generationId: string): string {
  return join(MOUNT, 'generations', checked(generationId))
}

export function imageOf(generationId: string, poseId: string): string {
  return join(folderOf(generationId), `${checked(poseId)}.png`)
}

/** The file that tells about a pose. Writing an object to it sets attributes. */
export function factsOf(generationId: string, poseId: string): string {
  return join(folderOf(generationId), `${checked(poseId)}.json`)
}

export async function readPose(generationId: string, poseId: string): Promise<Pose> {
  return JSON.parse(await readFile(factsOf(generationId, poseId), 'utf8')) as Pose
}

/**
 * The address of a pose's image, as the database keeps it. Servers and browsers do not look at what
 * stands behind `#`; `deletePose` finds the name there, which several poses of equal bytes differ in.
 */
export function addressOf(pose: Pose): string {
  return `${pose.path}#${pose.generation}/${pose.pose}`
}

export function thumbnailOf(pose: Pose): string {
  return pose.thumbnail?.path ?? pose.path
}
