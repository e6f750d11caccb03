// hls.js plays a film that is being made, and goes from rung to rung all the time, for
// the test of rungs that grow.

const later = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// rate is by how much faster than life it plays, and patience how long it may take in
// all, in milliseconds.
const rate = 3;
const patience = 120000;

// switching plays a presentation to its end, and tells what became of that: whether it was
// open when it began, the heights that were seen, and what hls.js complained of. That it
// has to wait for more, or gives up what it asked for when it is switched, is no complaint.
window.switching = async (master) => {
  const video = document.createElement("video");
  Object.assign(video, { playsInline: true, muted: true });
  document.body.append(video);
  const hls = new Hls({ maxBufferLength: 8, maxMaxBufferLength: 8 });
  const told = { error: "", complaints: [], open: false, levels: [], at: 0, duration: 0, ended: false };
  const failed = new Promise((_, reject) => {
    hls.on(Hls.Events.ERROR, (_, e) => {
      if (e.fatal) reject(new Error(`${e.details}: ${e.reason || e.error?.message}`));
      else if (!/^bufferStalled|^bufferNudge|^aborted$/.test(e.details)) told.complaints.push(e.details);
    });
  });
  hls.once(Hls.Events.LEVEL_LOADED, (_, { details }) => { told.open = details.live; });
  hls.on(Hls.Events.FRAG_BUFFERED, (_, { frag }) => {
    if (frag.type === "main") hls.nextLoadLevel = (frag.level + 1) % hls.levels.length;
  });
  hls.on(Hls.Events.FRAG_CHANGED, (_, { frag }) => {
    const height = hls.levels[frag.level]?.height ?? 0;
    if (frag.type === "main") told.levels.push(height);
  });
  video.addEventListener("ended", () => { told.ended = true; });
  try {
    hls.attachMedia(video);
    hls.loadSource(master);
    await Promise.race([failed, (async () => {
      const until = performance.now() + patience;
      while (!told.ended) {
        if (performance.now() > until) throw new Error(`it does not end: at ${video.currentTime} of ${video.duration}`);
        if (video.paused) video.play().catch(() => {});
        video.playbackRate = rate;
        await later(100);
      }
    })()]);
  } catch (err) {
    told.error = String(err.message ?? err);
  }
  told.at = video.currentTime;
  told.duration = video.duration || 0;
  hls.destroy();
  video.remove();
  return told;
};

window.ready = true;
