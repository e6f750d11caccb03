// Drives tus-js-client for TestTusJSClient:
//   node tus_client.mjs CLIENTS SCENARIO ENDPOINT FILE
// where CLIENTS is the folder with node_modules. Prints one line of JSON.
import { createReadStream, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
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

// Of a file in parts the client finds out the length itself.
const parallel = { parallelUploads: 3, uploadSize: null }

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

  parallel: () => start(parallel),

  // Goes away in the middle; a new client, as after a reload of the page, finds
  // in its storage where the parts are. Answers with how much each had sent when
  // it stopped and when it began.
  async 'parallel, resumed'() {
    const store = join(process.env.TMPDIR ?? tmpdir(), `tus-${process.pid}.json`)
    writeFileSync(store, '{}')
    const options = { ...parallel, urlStorage: new tus.FileUrlStorage(store) }
    let first = 0
    await start(options, (upload, resolve) => {
      upload.options.onProgress = (sent) => {
        first = sent
        if (sent > size / 2) upload.abort().then(resolve)
      }
    })
    const source = createReadStream(file)
    const [stored] = await new tus.Upload(source, { ...options, endpoint }).findPreviousUploads()
    let second = null
    const onProgress = (sent) => (second ??= sent)
    const done = await start({ ...options, onProgress }, (upload) => upload.resumeFromPreviousUpload(stored), source)
    return { ...done, parts: stored.parallelUploadUrls, first, second }
  },

  'without PATCH': () => start({ overridePatchMethod: true }),
  'parallel, without PATCH': () => start({ ...parallel, overridePatchMethod: true }),

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
