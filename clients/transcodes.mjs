// hls.js plays a presentation from its beginning to its end, for the tests of what
// a transcoder makes: what was seen and heard of it is what is told.

const later = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// slack is by how much more than its length a presentation may take until it counts
// as stuck, in milliseconds.
const slack = 45000;

// loaded says what a player has.
const loaded = ({ buffered, readyState }) => {
  const ranges = [];
  for (let i = 0; i < buffered.length; i++) ranges.push(`${buffered.start(i)} to ${buffered.end(i)}`);
  return `loaded ${ranges.join(" and ") || "nothing"}, readyState ${readyState}`;
};

// watch plays a presentation, and tells what became of that. Stalls are those that
// hls.js tells of; heard is the last moment at which sound was decoded, seen the one
// of the last picture, in seconds.
window.watch = async (master) => {
  const video = document.createElement("video");
  Object.assign(video, { playsInline: true });
  document.body.append(video);
  const hls = new Hls({ maxBufferLength: 60 });
  const told = { error: "", complaints: [], stalls: 0, duration: 0, at: 0, seen: -1, pictures: 0, heard: -1, levels: [], ended: false, helped: false };
  const failed = new Promise((_, reject) => {
    hls.on(Hls.Events.ERROR, (_, e) => {
      if (e.fatal) reject(new Error(`${e.details}: ${e.reason || e.error?.message}`));
      else if (e.details === "bufferStalledError") told.stalls++;
      // What is reordered shows a picture later than it is decoded, and it steps over that.
      else if (!(e.details === "bufferSeekOverHole" && video.currentTime < 0.2)) told.complaints.push(e.details);
    });
    video.addEventListener("error", () => reject(new Error(`${video.error.code} ${video.error.message}`)));
  });
  hls.on(Hls.Events.FRAG_CHANGED, (_, { frag }) => {
    const height = hls.levels[frag.level]?.height ?? 0;
    if (frag.type === "main" && !told.levels.includes(height)) told.levels.push(height);
  });
  video.addEventListener("ended", () => { told.ended = true; });
  // A film that is shorter than the sound that Chromium collects before it shows anything:
  // hls.js says that it is over only once something is shown. docs/corpus.md has why.
  const over = new Set();
  hls.on(Hls.Events.FRAG_BUFFERED, (_, { frag }) => {
    if (frag.endList) over.add(frag.type);
    told.helped = video.duration < 0.25 && over.has("main") && over.has("audio");
    if (told.helped) hls.trigger(Hls.Events.BUFFER_EOS, {});
  });
  let bytes = 0;
  const listening = setInterval(() => {
    if (video.webkitAudioDecodedByteCount > bytes) {
      bytes = video.webkitAudioDecodedByteCount;
      told.heard = video.currentTime;
    }
  }, 20);
  const note = (_, { mediaTime }) => {
    told.seen = Math.max(told.seen, mediaTime);
    video.requestVideoFrameCallback(note);
  };
  video.requestVideoFrameCallback(note);
  try {
    hls.attachMedia(video);
    hls.loadSource(master);
    await Promise.race([failed, (async () => {
      video.play().catch(() => {}); // as somebody does who waits for it
      for (const began = performance.now(); video.readyState < 3 && !told.ended; await later(20)) {
        if (performance.now() - began > slack) throw new Error(`it does not begin: ${loaded(video)}`);
      }
      const until = performance.now() + 1000 * video.duration + slack;
      while (!told.ended) {
        if (performance.now() > until) throw new Error(`it does not end: at ${video.currentTime} of ${video.duration}, ${loaded(video)}`);
        await later(20);
      }
    })()]);
  } catch (err) {
    told.error = String(err.message ?? err);
  }
  clearInterval(listening);
  told.duration = video.duration || 0;
  told.at = video.currentTime;
  told.pictures = video.getVideoPlaybackQuality().totalVideoFrames;
  hls.destroy();
  video.remove();
  return told;
};

window.watchSome = (masters) => Promise.all(masters.map((m) => window.watch(m)));

window.ready = true;
