// Serves buckets of R2 on loopback: node serve.mjs PORT FOLDER BUCKET…, credentials in KEY_ID and SECRET.
import { Miniflare } from "miniflare";

const [port, folder, ...buckets] = process.argv.slice(2);
const s3Credentials = { accessKeyId: process.env.KEY_ID, secretAccessKey: process.env.SECRET };

const server = new Miniflare({
  host: "127.0.0.1",
  port: Number(port),
  // Otherwise it would ask Cloudflare for the properties of a request.
  cf: false,
  modules: true,
  script: "export default { fetch: () => new Response(null, { status: 404 }) }",
  compatibilityDate: "2026-07-01",
  r2Persist: folder,
  r2Buckets: Object.fromEntries(buckets.map((name) => [name, { id: name, s3Credentials }])),
});
// Whoever started this is gone: so is all of this, for workerd is a process of its own.
process.stdin.resume().on("end", () => process.kill(0, "SIGKILL"));
await server.ready;
