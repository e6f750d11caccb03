// Drives tus-js-client for TestTusJSClient:
//   node tus_client.mjs CLIENTS SCENARIO ENDPOINT FILE
// where CLIENTS is the folder with node_modules. Prints one line of JSON.
import { createReadStream, readFileSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'

const [clients, scenario, endpoint, file] = process.argv.slice(2)
const tus = createRequire(join(clients, 'package.json'))('tus-js-client')
const size = statSync(file).size

function start(options, onUpload, source) {
  return new Promise((resolve, reject) => {
    const progress = []
    const upload = new tus.Upload(source ?? createReadStream(file), {
      endpoint,
      uploadSize: size,
      chunkSize: 256 * 1024,
      retryDelays: [0, 100, 300],
      metadata: { filename: 'clip.mp4', filetype: 'video/mp4', title: 'Ein schöner Film' },
      onProgress: (sent) => progress.push(sent),
      onError: reject,
      onSuccess: () => resolve({ url: upload.url, progress: progress.length }),
      ...options,
    })
    if (onUpload) onUpload(upload, resolve, reject)
    upload.start()
  })
}

const scenarios = {
  whole: () => start({ chunkSize: Infinity }),
  chunks: () => start({}),
  'creation with data': () => start({ uploadDataDuringCreation: true }),
  // From a pipe: of a file the client finds out the length itself.
  'deferred length': () =>
    start({ uploadSize: null, uploadLengthDeferred: true }, null, createReadStream(file).pipe(new PassThrough())),

  // Goes away after a few chunks; another upload goes on at its URL.
  async resume() {
    const url = await start({}, (upload, resolve, reject) => {
      upload.options.onChunkComplete = (_, accepted) => {
        if (accepted > size / 3) upload.abort().then(() => resolve(upload.url), reject)
      }
    })
    return start({ uploadUrl: url })
  },

  // The client's own two drafts of the IETF's protocol. Of a file in chunks it
  // would never say that it ends, of a buffer it does.
  'ietf 5': () => start({ protocol: 'ietf-draft-03' }, null, readFileSync(file)),
  'ietf 6': () => start({ protocol: 'ietf-draft-05', uploadDataDuringCreation: true, chunkSize: Infinity }),
  async 'ietf 6, resumed'() {
    const interrupt = (upload, resolve, reject) => {
      upload.options.onChunkComplete = (_, accepted) => {
        if (accepted > size / 3) upload.abort().then(() => resolve(upload.url), reject)
      }
    }
    const url = await start({ protocol: 'ietf-draft-05' }, interrupt, readFileSync(file))
    return start({ protocol: 'ietf-draft-05', uploadUrl: url }, null, readFileSync(file))
  },

  async terminate() {
    const url = await start({}, (upload, resolve, reject) => {
      upload.options.onChunkComplete = (_, accepted) => {
        if (accepted > size / 3) upload.abort(true).then(() => resolve(upload.url), reject)
      }
    })
    const status = await fetch(url, { method: 'HEAD', headers: { 'Tus-Resumable': '1.0.0' } })
    return { url, status: status.status }
  },

  async refused() {
    try {
      await start({})
    } catch (err) {
      return { status: err.originalResponse?.getStatus(), body: err.originalResponse?.getBody() }
    }
    return {}
  },
}

console.log(JSON.stringify(await scenarios[scenario]()))
