// Drives tus-js-client for tus_test.go: node tus.mjs WHAT ENDPOINT FILE.
// Prints one line of JSON about what the client saw.
import { readFileSync } from "node:fs";
import * as tus from "tus-js-client";

const [what, endpoint, file] = process.argv.slice(2);
const chunkSize = 16 * 1024;
const seen = { progress: 0, offsets: [], url: null };

// send runs an upload to its end, or until stop says that it is enough.
function send(input, options, stop = () => false) {
  return new Promise((resolve, reject) => {
    const upload = new tus.Upload(input, {
      endpoint,
      chunkSize,
      retryDelays: null,
      metadata: { filename: "clip ü.mp4", title: "By tus-js-client", tags: "tus,node" },
      onProgress: () => seen.progress++,
      onError: reject,
      onSuccess: () => resolve(upload),
      onChunkComplete: (_, sent) => {
        seen.offsets.push(sent);
        if (stop(sent)) upload.abort().then(() => resolve(upload), reject);
      },
      ...options,
    });
    upload.start();
  });
}

// No stream of unknown length: for its last chunk, this client announces a whole
// chunkSize under node, sends what there is, and waits.
const bytes = readFileSync(file);
const half = (sent) => sent >= bytes.length / 2;
const ways = {
  chunks: () => send(bytes, {}),
  whole: () => send(bytes, { chunkSize: Infinity }),
  "with the creation": () => send(bytes, { uploadDataDuringCreation: true }),
  resumed: async () => {
    const first = await send(bytes, {}, half);
    seen.resumedAt = seen.offsets.at(-1);
    return send(bytes, { uploadUrl: first.url });
  },
  terminated: async () => {
    const first = await send(bytes, {}, half);
    await first.abort(true);
    return first;
  },
  refused: () => send(Buffer.from("this is no film, whatever it is called"), {}),
};

try {
  seen.url = (await ways[what]()).url;
} catch (e) {
  seen.status = e.originalResponse?.getStatus();
  seen.problem = e.originalResponse?.getBody();
  if (!e.originalResponse) throw e;
}
console.log(JSON.stringify(seen));
