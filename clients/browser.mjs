// The foreign clients in a browser, for the tests of the reference server. It is
// bundled by esbuild; files come from the page's <input>.
import Uppy from "@uppy/core";
import Tus from "@uppy/tus";
import * as tus from "tus-js-client";

const endpoint = new URL("/v1/uploads/", location.href).href;
const input = document.querySelector("input");

window.seen = { progress: 0, retries: 0, done: [], errors: [] };

// Uppy, as its documentation sets it up, with small chunks so that there are many.
window.withUppy = async (options = {}) => {
  const uppy = new Uppy({ autoProceed: false });
  uppy.use(Tus, {
    endpoint,
    chunkSize: 128 * 1024,
    onShouldRetry: (err, attempt, options, next) => {
      seen.retries++;
      return next(err);
    },
    ...options,
  });
  uppy.on("upload-progress", () => seen.progress++);
  uppy.on("upload-error", (_, err) => seen.errors.push(err.message));
  for (const file of input.files) {
    uppy.addFile({ name: file.name, type: file.type, data: file, meta: { title: `Uppy sent ${file.name}` } });
  }
  window.uppy = uppy;
  const { successful, failed } = await uppy.upload();
  seen.done = successful.map((f) => f.uploadURL);
  seen.failed = failed.length;
};

// tus-js-client as it comes.
window.withTus = (options = {}) => new Promise((resolve) => {
  const upload = new tus.Upload(input.files[0], {
    endpoint,
    chunkSize: 128 * 1024,
    metadata: { filename: input.files[0].name },
    onProgress: () => seen.progress++,
    onError: (err) => resolve(seen.errors.push(err.message)),
    onSuccess: () => resolve(seen.done.push(upload.url)),
    ...options,
  });
  upload.start();
});
