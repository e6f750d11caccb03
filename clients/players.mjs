// One film in every player at once, for the tests: what each shows and sounds, by
// its own clock. The film has the number of each picture burned in and beeps when
// it flashes; players_clip_test.go makes it.

const width = 320, height = 192, bits = 16;

const later = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// How each player is begun. It returns what says that it is this player that
// plays, and not the browser by itself.
const engines = {
  "hls.js": (video, base) => withHlsJs(video, base + "master.m3u8"),
  "hls.js MPEG-TS": (video, base) => withHlsJs(video, base + "ts.m3u8"),
  async "dash.js"(video, base) {
    const player = dashjs.MediaPlayer().create();
    player.updateSettings({ debug: { logLevel: dashjs.Debug.LOG_LEVEL_NONE } });
    const failed = new Promise((_, reject) => player.on(dashjs.MediaPlayer.events.ERROR, (e) => reject(new Error(`${e.error?.code} ${e.error?.message}`))));
    player.initialize(video, base + "manifest.mpd", false);
    return { failed, proof: () => video.src.startsWith("blob:") && player.isReady() };
  },
  "Shaka HLS": (video, base) => withShaka(video, base + "master.m3u8"),
  "Shaka DASH": (video, base) => withShaka(video, base + "manifest.mpd"),
  async "video.js"(video, base) {
    const player = videojs(video, { html5: { vhs: { overrideNative: true }, nativeAudioTracks: false, nativeVideoTracks: false } });
    const failed = new Promise((_, reject) => player.on("error", () => reject(new Error(`${player.error().code} ${player.error().message}`))));
    player.src({ src: base + "master.m3u8", type: "application/vnd.apple.mpegurl" });
    return { failed, proof: () => !!player.tech({ IWillNotUseThisInPlugins: true }).vhs && player.tech({ IWillNotUseThisInPlugins: true }).el().src.startsWith("blob:") };
  },
  async native(video, base) {
    video.src = base + "master.m3u8";
    return { proof: () => video.currentSrc.endsWith("/master.m3u8") };
  },
  // The film as it is, so that what the browser itself is off by is known.
  async file(video, base) {
    video.src = base.replace("/hls/", "/files/").replace(/\/$/, "");
    return { proof: () => true };
  },
};

async function withHlsJs(video, playlist) {
  const hls = new Hls();
  const failed = new Promise((_, reject) => hls.on(Hls.Events.ERROR, (_, e) => e.fatal && reject(new Error(`${e.type} ${e.details} ${e.error}`))));
  hls.loadSource(playlist);
  hls.attachMedia(video);
  return { failed, proof: () => video.src.startsWith("blob:") && hls.media === video };
}

async function withShaka(video, manifest) {
  shaka.polyfill.installAll();
  const player = new shaka.Player();
  player.configure({ streaming: { preferNativeHls: false, preferNativeDash: false } });
  await player.attach(video);
  const failed = new Promise((_, reject) => player.addEventListener("error", (e) => e.detail.severity === 2 && reject(new Error(`${e.detail.code} ${e.detail.message}`))));
  const loaded = player.load(manifest);
  loaded.catch(() => {});
  return { failed: Promise.race([failed, loaded.then(() => new Promise(() => {}))]), proof: () => `${player.getLoadMode()} ${video.currentSrc}`.startsWith("2 blob:") };
}

// A Watched is one player and what was seen of it.
class Watched {
  constructor(engine, base, context) {
    this.engine = engine;
    this.base = base;
    this.result = { engine, frames: [], seeks: [], onsets: [], error: "", ended: false };
    const figure = document.createElement("figure");
    this.video = document.createElement("video");
    Object.assign(this.video, { width, height, playsInline: true, crossOrigin: "anonymous" });
    figure.append(this.video);
    document.body.append(figure);
    this.canvas = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
    this.listen(context);
  }

  // listen notes when a beep begins, by the clock of the context, and by how much
  // the player's clock is ahead of that.
  listen(context) {
    const ears = new AudioWorkletNode(context, "onsets");
    const silence = new GainNode(context, { gain: 0 });
    context.createMediaElementSource(this.video).connect(ears).connect(silence).connect(context.destination);
    this.heard = [];
    this.clocks = [];
    ears.port.onmessage = (e) => this.heard.push(e.data);
    this.sampling = setInterval(() => {
      if (!this.video.paused && !this.video.seeking && this.video.readyState > 2) this.clocks.push([context.currentTime, this.video.currentTime - context.currentTime]);
    }, 15);
  }

  // code is the number of the picture that is shown; -1 where there is none.
  code() {
    this.canvas.drawImage(this.video, 0, 0, width, height);
    const { data } = this.canvas.getImageData(0, 0, width, height);
    let n = 0;
    for (let bit = 0; bit < bits; bit++) {
      const x = Math.round((bit + 0.5) * width / bits);
      const [one, other] = [16, 48].map((y) => data[4 * (y * width + x)]);
      if (Math.abs(one - other) < 64) return -1;
      n = 2 * n + (one > other ? 1 : 0);
    }
    return n;
  }

  until(what, ms, met) {
    return new Promise((resolve, reject) => {
      const began = performance.now();
      const look = () => {
        if (met()) return resolve();
        if (this.video.error) return reject(new Error(`${what}: ${this.video.error.code} ${this.video.error.message}`));
        if (performance.now() - began > ms) return reject(new Error(`${what}: not within ${ms} ms; at ${this.video.currentTime} of ${this.video.duration}, readyState ${this.video.readyState}`));
        setTimeout(look, 20);
      };
      look();
    });
  }

  // guarded notes an error in place of throwing it.
  async guarded(steps) {
    if (this.result.error) return;
    try {
      await Promise.race([steps(), ...(this.player?.failed ? [this.player.failed] : [])]);
    } catch (err) {
      this.result.error = String(err.message ?? err);
    }
  }

  // play plays the beginning and then looks at other places.
  play(seconds, places) {
    return this.guarded(async () => {
      this.player = await engines[this.engine](this.video, this.base);
      await Promise.race([this.until("it can play", 60000, () => this.video.readyState >= 3), ...(this.player.failed ? [this.player.failed] : [])]);
      const note = (_, at) => {
        if (this.result.frames.length < 1000) this.result.frames.push([at.mediaTime, this.code()]);
        if (!this.video.paused) this.video.requestVideoFrameCallback(note);
      };
      this.video.requestVideoFrameCallback(note);
      await this.video.play();
      await this.until("it plays", 60000, () => this.video.currentTime >= seconds || this.video.ended);
      this.video.pause();
      this.result.onsets = this.onsets();
      this.result.proof = this.player.proof();
      this.result.duration = this.video.duration;
      for (const [at, want] of places) await this.seek(at, want);
    });
  }

  // seek waits until what is wanted is shown, or for long, and notes what is shown.
  async seek(at, want) {
    this.video.currentTime = at;
    await this.until(`it seeks to ${at}`, 60000, () => !this.video.seeking && this.video.readyState >= 2);
    let code = -1;
    for (const began = performance.now(); performance.now() - began < 3000; await later(20)) {
      code = this.code();
      if (want < 0 || Math.abs(code - want) <= 1) break;
    }
    this.result.seeks.push([at, this.video.currentTime, code]);
  }

  // onsets are when beeps began by the player's clock.
  onsets() {
    clearInterval(this.sampling);
    return this.heard.map((at) => {
      const near = this.clocks.filter(([when]) => Math.abs(when - at) < 0.6).map(([, ahead]) => ahead).sort((a, b) => a - b);
      return near.length ? at + near[near.length >> 1] : -1;
    });
  }

  // end plays the last moments.
  end(from) {
    return this.guarded(async () => {
      this.video.currentTime = from;
      this.video.addEventListener("ended", () => { this.result.ended = true; });
      await this.video.play();
      await this.until("it ends", 60000, () => this.result.ended || this.video.ended);
      this.result.ended = true;
    });
  }
}

let all = [];

window.watchAll = async (list, base, seconds, places) => {
  const context = new AudioContext();
  await context.resume();
  await context.audioWorklet.addModule("/onsets.mjs");
  all = list.map((engine) => new Watched(engine, base, context));
  await Promise.all(all.map((w) => w.play(seconds, places)));
  return all.map((w) => {
    const box = w.video.getBoundingClientRect();
    return { engine: w.engine, box: [box.x, box.y, box.width, box.height], at: w.video.currentTime };
  });
};

// redraw has what is on the screen drawn again.
window.redraw = async () => {
  for (const { video } of all) video.style.opacity = video.style.opacity === "1" ? "0.99" : "1";
  await later(100);
  return true;
};

window.endAll = async (from) => {
  await Promise.all(all.map((w) => w.end(from)));
  return all.map((w) => w.result);
};

window.ready = true;
