// An audio worklet that tells when a sound begins after a silence.
registerProcessor("onsets", class extends AudioWorkletProcessor {
  loud = -1;

  process([[samples]], [output]) {
    if (!samples) return true;
    for (let i = 0; i < samples.length; i++) {
      if (Math.abs(samples[i]) < 0.1) continue;
      const at = currentTime + i / sampleRate;
      if (at - this.loud > 0.4) this.port.postMessage(at);
      this.loud = at;
    }
    output[0]?.set(samples);
    return true;
  }
});
